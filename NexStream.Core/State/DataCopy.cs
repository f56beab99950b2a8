using NexStream.Core.Buffers;

namespace NexStream.Core.State;

/// <summary>Reliable data that was just sent and is to go on other paths as well: a segment (RU), or a run of a stream's bytes (RO).</summary>
internal struct DataCopy
{
    public int Stream;
    public uint StreamGeneration;

    /// <summary>RU: the segment; else -1.</summary>
    public int Segment;
    public uint SegmentGeneration;

    /// <summary>RO: the bytes, as <c>SentPacket</c> names them; a length of 0: none.</summary>
    public ulong Position;
    public int Length;
    public int Chunk;

    /// <summary>The slots of the paths that it has still to take, a bit each.</summary>
    public byte Paths;

    public static DataCopy None => new() { Segment = Slab<Segment>.None };

    /// <summary>Whether it is anything.</summary>
    public readonly bool HasData => Segment >= 0 || Length > 0;
}
