using NexStream.Core.Buffers;
using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>What holds for a packet in flight, a bit each.</summary>
[Flags]
internal enum SentPacketFlags : ushort
{
    None = 0,
    AckEliciting = 1 << 0,
    Ect0 = 1 << 1,

    /// <summary>Its delivery-rate sample tells of the application rather than of the path.</summary>
    ApplicationLimited = 1 << 2,

    /// <summary>It carried an acknowledgement, whose largest number is remembered.</summary>
    ReportsReceived = 1 << 3,

    /// <summary>The packet sent before it was acknowledged, not lost: a spell of loss does not reach across.</summary>
    FollowsAcknowledged = 1 << 4,

    /// <summary>A probe of path MTU discovery: its loss is no sign of congestion (RFC 9000 §14.4).</summary>
    MtuProbe = 1 << 5,

    /// <summary>It carried FIN.</summary>
    Fin = 1 << 6,

    /// <summary>Other packets carry, or carried, its bytes of an RO stream as well.</summary>
    SentAgain = 1 << 7,

    /// <summary>Its bytes of an RO stream wait to be sent again already, though it is not lost.</summary>
    Requeued = 1 << 8,
}

/// <summary>What packets that leave in a row for one stream have in common: a cache line, which each gets with a few moves.</summary>
internal struct SentRun
{
    public Instant SentAt;

    /// <summary>The path's delivered bytes, and when they were counted, when the packet left: the sample of the delivery rate.</summary>
    public long Delivered;
    public Instant DeliveredAt;
    public Instant FirstSentAt;
    public long Lost;

    /// <summary>First of the control records, or -1.</summary>
    public int Control;

    /// <summary>The segment it carried, several packets in equal parts, or -1; here and below a generation means something only with its index.</summary>
    public int Segment;

    /// <summary>A BE or PR message that is to be reported, or -1.</summary>
    public int Message;

    /// <summary>The stream whose data it carried, or -1.</summary>
    public int Stream;
    public uint StreamGeneration;

    public SentPacketFlags Flags;

    /// <summary>How often its bytes of an RO stream had been lost before.</summary>
    public byte Losses;
}

/// <summary>
/// A packet that was sent and neither acknowledged nor declared lost (RFC 9002 appendix A.1.1), and what it carried. Packets in flight that left one after the other
/// and are as long as each other are one record, if they carry bytes of an RO stream, parts of one segment, or what is not kept; it is split where they fare differently:
/// <see cref="SentPackets.Split"/>.
/// </summary>
internal struct SentPacket
{
    public SentRun Run;

    /// <summary>Its number; of several packets the first one's, and those of the others follow.</summary>
    public ulong Number;

    /// <summary>The bytes in flight when it had left, its own included; of several packets when the first had.</summary>
    public long TransmitInFlight;

    /// <summary>The bytes of an RO stream that it carried: where they begin in the stream, how many (0: none), and the chunk that the first lay in.</summary>
    public ulong Position;
    public int Length;
    public int Chunk;

    /// <summary>Bytes of the whole NexLink frame; of several packets each has so many, and <see cref="Length"/> bytes of the stream, behind those of the one before.</summary>
    public int Size;

    /// <summary>How many packets it is.</summary>
    public int Packets;

    public ListLink Link;

    public uint SegmentGeneration;
    public uint MessageGeneration;

    /// <summary>The largest packet number that it acknowledged; means something with <see cref="SentPacketFlags.ReportsReceived"/>.</summary>
    public ulong LargestReported;

    /// <summary>The number of the last packet.</summary>
    public readonly ulong Last => Number + (uint)(Packets - 1);

    /// <summary>The bytes in flight when the last packet had left.</summary>
    public readonly long LastTransmitInFlight => TransmitInFlight + ((long)(Packets - 1) * Size);

    /// <inheritdoc cref="SentRun.SentAt"/>
    public Instant SentAt
    {
        readonly get => Run.SentAt;
        set => Run.SentAt = value;
    }

    /// <inheritdoc cref="SentRun.Delivered"/>
    public long Delivered
    {
        readonly get => Run.Delivered;
        set => Run.Delivered = value;
    }

    /// <inheritdoc cref="SentRun.DeliveredAt"/>
    public Instant DeliveredAt
    {
        readonly get => Run.DeliveredAt;
        set => Run.DeliveredAt = value;
    }

    /// <inheritdoc cref="SentRun.FirstSentAt"/>
    public Instant FirstSentAt
    {
        readonly get => Run.FirstSentAt;
        set => Run.FirstSentAt = value;
    }

    /// <inheritdoc cref="SentRun.Lost"/>
    public long Lost
    {
        readonly get => Run.Lost;
        set => Run.Lost = value;
    }

    /// <inheritdoc cref="SentRun.Control"/>
    public int Control
    {
        readonly get => Run.Control;
        set => Run.Control = value;
    }

    /// <inheritdoc cref="SentRun.Segment"/>
    public int Segment
    {
        readonly get => Run.Segment;
        set => Run.Segment = value;
    }

    /// <inheritdoc cref="SentRun.Message"/>
    public int Message
    {
        readonly get => Run.Message;
        set => Run.Message = value;
    }

    /// <inheritdoc cref="SentRun.Stream"/>
    public int Stream
    {
        readonly get => Run.Stream;
        set => Run.Stream = value;
    }

    /// <inheritdoc cref="SentRun.StreamGeneration"/>
    public uint StreamGeneration
    {
        readonly get => Run.StreamGeneration;
        set => Run.StreamGeneration = value;
    }

    /// <inheritdoc cref="SentRun.Flags"/>
    public SentPacketFlags Flags
    {
        readonly get => Run.Flags;
        set => Run.Flags = value;
    }

    /// <inheritdoc cref="SentRun.Losses"/>
    public byte Losses
    {
        readonly get => Run.Losses;
        set => Run.Losses = value;
    }

    /// <summary>Its place among those of its path.</summary>
    internal readonly struct ByNumber : IListLink<SentPacket>
    {
        public static ref ListLink Of(ref SentPacket record) => ref record.Link;
    }
}
