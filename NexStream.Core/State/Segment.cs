using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;

namespace NexStream.Core.State;

/// <summary>The slices of one packet's payload.</summary>
[InlineArray(Wire.Transmission.SliceCountMax)]
internal struct SegmentSlices
{
    private PayloadSlice _first;
}

/// <summary>
/// RU: the payload of one data packet, or of several that share a record (<see cref="Recovery.SentPacket"/>), from the first transmission until it is acknowledged: what is
/// sent again is the segment, in a new packet, for which each packet first gets its own. It owns a reference to each frame that its slices lie in, and is in exactly one of
/// its stream's two lists.
/// RO: a run of the stream's bytes that waits to be sent again. It has no slices: the bytes lie in the stream's chunks.
/// </summary>
internal struct Segment
{
    public SegmentSlices Slices;

    /// <summary>The packet that carries it now, of several the first; the loss of an older one says nothing.</summary>
    public ulong Packet;

    /// <summary>RO: stream offset. Message modes: offset inside the message.</summary>
    public ulong Position;

    /// <summary>RO: the chunk that the first byte lies in.</summary>
    public int Chunk;

    public int Stream;
    public int Next;
    public int Previous;

    /// <summary>The message it belongs to, or -1 (RO).</summary>
    public int Message;

    public int Length;

    /// <summary>Tells an earlier use of the record from this one.</summary>
    public uint Generation;

    /// <summary>The path of <see cref="Packet"/>: each counts its packets by itself.</summary>
    public byte Path;

    public byte SliceCount;
    public byte Losses;
    public bool IsLost;
    public bool HasFin;
}

/// <summary>A doubly linked list of segments.</summary>
internal struct SegmentList
{
    public int Head;
    public int Tail;

    public static SegmentList Empty => new() { Head = Slab<Segment>.None, Tail = Slab<Segment>.None };

    public readonly bool IsEmpty => Head < 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(Slab<Segment> segments, int index)
    {
        ref Segment segment = ref segments[index];
        segment.Next = Slab<Segment>.None;
        segment.Previous = Tail;
        if (Tail >= 0)
        {
            segments[Tail].Next = index;
        }
        else
        {
            Head = index;
        }

        Tail = index;
    }

    /// <summary>Puts a segment right behind another of the list.</summary>
    public void InsertBehind(Slab<Segment> segments, int before, int index)
    {
        ref Segment segment = ref segments[index];
        ref Segment first = ref segments[before];
        segment.Previous = before;
        segment.Next = first.Next;
        if (first.Next >= 0)
        {
            segments[first.Next].Previous = index;
        }
        else
        {
            Tail = index;
        }

        first.Next = index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(Slab<Segment> segments, int index)
    {
        ref Segment segment = ref segments[index];
        if (segment.Previous >= 0)
        {
            segments[segment.Previous].Next = segment.Next;
        }
        else
        {
            Head = segment.Next;
        }

        if (segment.Next >= 0)
        {
            segments[segment.Next].Previous = segment.Previous;
        }
        else
        {
            Tail = segment.Previous;
        }
    }
}
