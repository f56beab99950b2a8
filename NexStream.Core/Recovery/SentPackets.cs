using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>
/// Packets of one path in the order of their numbers: a list of records through a slab that all paths share. Acknowledgements take
/// packets out near the head, so that one pass costs what it acknowledges plus the few that loss detection still waits for.
/// </summary>
internal struct SentPackets
{
    private SlabList<SentPacket, SentPacket.ByNumber> _records;

    /// <summary>Packets, however many records they are.</summary>
    public int Count;

    public static SentPackets Empty => new() { _records = SlabList<SentPacket, SentPacket.ByNumber>.Empty };

    /// <summary>The record of the first packet, or -1.</summary>
    public readonly int Head => _records.Head;

    /// <summary>The record of the last packet, or -1.</summary>
    public readonly int Tail => _records.Tail;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(Slab<SentPacket> packets, int index)
    {
        ref SentPacket packet = ref packets[index];
        _records.Append(packets, index, ref packet.Link);
        Count += packet.Packets;
    }

    /// <summary>A record of several packets becomes two: it keeps the first <paramref name="count"/>, and those behind go to <paramref name="rest"/>, a free record.</summary>
    public void Split(Slab<SentPacket> packets, int index, int count, int rest)
    {
        ref SentPacket first = ref packets[index];
        Invariant.Check(count > 0 && count < first.Packets, "A record is split between two of its packets.");
        ref SentPacket behind = ref packets[rest];
        behind = first;
        behind.Packets -= count;
        behind.Number += (uint)count;
        behind.Position += (ulong)count * (uint)first.Length;
        behind.TransmitInFlight += (long)count * first.Size;
        behind.Flags &= ~SentPacketFlags.FollowsAcknowledged;
        first.Packets = count;
        _records.InsertBehind(packets, index, rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(Slab<SentPacket> packets, int index)
    {
        _records.Remove(packets, index);
        Count -= packets[index].Packets;
    }

    /// <summary>Takes out the packets that stand between two records, -1 where there is none; what their own say is not read.</summary>
    public void RemoveRun(Slab<SentPacket> packets, int before, int behind, int count)
    {
        _records.RemoveBetween(packets, before, behind);
        Count -= count;
    }

    /// <summary>Counts the records, and checks how they are linked.</summary>
    public readonly int Audit(Slab<SentPacket> packets) => _records.Audit(packets);
}
