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
    public ListLink Link;

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

    /// <summary>Its place in the list of its stream that it is in.</summary>
    internal readonly struct InStream : IListLink<Segment>
    {
        public static ref ListLink Of(ref Segment record) => ref record.Link;
    }
}
