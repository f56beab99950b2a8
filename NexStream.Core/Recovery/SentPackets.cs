using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>
/// Packets of one path in the order of their numbers: a doubly linked list of records through a slab that all paths share. Acknowledgements take
/// packets out near the head, so that one pass costs what it acknowledges plus the few that loss detection still waits for.
/// </summary>
internal struct SentPackets
{
    public int Head;
    public int Tail;

    /// <summary>Packets, however many records they are.</summary>
    public int Count;

    public static SentPackets Empty => new() { Head = Slab<SentPacket>.None, Tail = Slab<SentPacket>.None };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(Slab<SentPacket> packets, int index)
    {
        ref SentPacket packet = ref packets[index];
        packet.Next = Slab<SentPacket>.None;
        packet.Previous = Tail;
        if (Tail >= 0)
        {
            packets[Tail].Next = index;
        }
        else
        {
            Head = index;
        }

        Tail = index;
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
        behind.Previous = index;
        if (first.Next >= 0)
        {
            packets[first.Next].Previous = rest;
        }
        else
        {
            Tail = rest;
        }

        first.Packets = count;
        first.Next = rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(Slab<SentPacket> packets, int index)
    {
        ref SentPacket packet = ref packets[index];
        if (packet.Previous >= 0)
        {
            packets[packet.Previous].Next = packet.Next;
        }
        else
        {
            Head = packet.Next;
        }

        if (packet.Next >= 0)
        {
            packets[packet.Next].Previous = packet.Previous;
        }
        else
        {
            Tail = packet.Previous;
        }

        Count -= packet.Packets;
    }

    /// <summary>Takes out the packets that stand between two records, -1 where there is none; what their own say is not read.</summary>
    public void RemoveRun(Slab<SentPacket> packets, int before, int behind, int count)
    {
        if (before >= 0)
        {
            packets[before].Next = behind;
        }
        else
        {
            Head = behind;
        }

        if (behind >= 0)
        {
            packets[behind].Previous = before;
        }
        else
        {
            Tail = before;
        }

        Count -= count;
    }
}
