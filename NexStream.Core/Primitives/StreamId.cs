namespace NexStream.Core.Primitives;

/// <summary>
/// The layout of the 32-bit stream id (seed §3.2): client-initiated ids are odd, 0x00000001–0x7FFFFFFF; server-initiated ids are even,
/// 0x80000000–0xFFFFFFFE; 0 is connection control; 0xFFFFFFFF is reserved. Ids are opened in order, so an id has an ordinal: 0, 1, 2, …
/// </summary>
public static class StreamId
{
    /// <summary>Connection control.</summary>
    public const uint ConnectionControl = 0;

    /// <summary>Reserved for broadcast and multicast.</summary>
    public const uint Reserved = 0xFFFF_FFFF;

    /// <summary>
    /// The most streams that one side can ever open on a connection: one fewer than its half has ids, so that the last of them, 0x7FFFFFFF or 0xFFFFFFFE, is never opened.
    /// </summary>
    public const uint CountMax = 0x4000_0000 - 1;

    private const uint ServerBase = 0x8000_0000;

    /// <summary>The id of the stream that the given side opens as its <paramref name="ordinal"/>-th, from 0.</summary>
    public static uint FromOrdinal(uint ordinal, bool client) => client ? (ordinal * 2) + 1 : ServerBase + (ordinal * 2);

    /// <summary>How many streams the initiator had opened before this one.</summary>
    public static uint Ordinal(uint id) => (id & ~ServerBase) >> 1;

    /// <summary>Whether the id belongs to the client's half.</summary>
    public static bool IsClientInitiated(uint id) => id < ServerBase;

    /// <summary>Whether the id has the parity of its half and is not reserved.</summary>
    public static bool IsValid(uint id) =>
        id is not (ConnectionControl or Reserved) && (IsClientInitiated(id) ? (id & 1) == 1 : (id & 1) == 0);
}
