using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;

namespace NexStream.Core.Recovery;

/// <summary>
/// Packets of one path in the order of their numbers: a doubly linked list through a slab that all paths share. Acknowledgements take
/// packets out near the head, so that one pass costs what it acknowledges plus the few that loss detection still waits for.
/// </summary>
internal struct SentPackets
{
    public int Head;
    public int Tail;
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
        Count++;
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

        Count--;
    }

    /// <summary>Takes out the packets that stand between two others, -1 where there is none; what their records say is not read.</summary>
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
