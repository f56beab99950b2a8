using System.Runtime.CompilerServices;

namespace NexStream.Core.Recovery;

/// <summary>Bytes of one Reliable-Ordered stream that packets carried one after the other: what is acknowledged together is dealt with once.</summary>
internal struct ByteRun
{
    public int Stream;
    public uint StreamGeneration;
    public ulong From;
    public ulong To;

    /// <summary>Packets that carried it; 0: there is no run.</summary>
    public int Packets;

    /// <summary>A run of one record's bytes.</summary>
    public static ByteRun Of(in SentPacket packet) => new()
    {
        Stream = packet.Stream,
        StreamGeneration = packet.StreamGeneration,
        From = packet.Position,
        To = packet.Position + BytesOf(packet),
        Packets = packet.Packets,
    };

    /// <summary>Adds the packet's bytes, if they follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in SentPacket packet)
    {
        if (packet.Position != To || packet.Stream != Stream || packet.StreamGeneration != StreamGeneration || Packets == 0)
        {
            return false;
        }

        To += BytesOf(packet);
        Packets += packet.Packets;
        return true;
    }

    private static ulong BytesOf(in SentPacket packet) => (ulong)packet.Packets * (uint)packet.Length;
}
