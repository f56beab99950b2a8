using System.Buffers.Binary;
using NexStream.Simulator.Links;

namespace NexStream.Simulator.Observation;

/// <summary>What a packet's first bytes say of it (docs/wire-format.md, packet header).</summary>
/// <param name="Tag">Names connection and path to the receiver; 0: the packet opens a connection.</param>
/// <param name="PathId">The path whose packets are counted.</param>
/// <param name="Number">The low 32 bits of its number.</param>
internal readonly record struct PacketIdentity(ulong Tag, byte PathId, uint Number)
{
    // Tag (8), path id (1), flags (1), reserved (2), packet number (4).
    private const int HeaderSize = 16;
    private const int PathIdAt = 8;
    private const int NumberAt = 12;

    /// <summary>Reads them; all 0 where a frame is too short to have them.</summary>
    public static PacketIdentity Of(Packet packet)
    {
        ReadOnlySpan<byte> bytes = packet.Bytes.AsSpan(0, packet.Length);
        return bytes.Length < HeaderSize
            ? default
            : new PacketIdentity(
                BinaryPrimitives.ReadUInt64BigEndian(bytes), bytes[PathIdAt], BinaryPrimitives.ReadUInt32BigEndian(bytes[NumberAt..]));
    }
}
