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

    /// <summary>It was the last that there was to send.</summary>
    WindowUnderused = 1 << 4,

    /// <summary>The packet sent before it was acknowledged, not lost: a spell of loss does not reach across.</summary>
    FollowsAcknowledged = 1 << 5,

    /// <summary>A probe of path MTU discovery: its loss is no sign of congestion (RFC 9000 §14.4).</summary>
    MtuProbe = 1 << 6,

    /// <summary>It carried FIN.</summary>
    Fin = 1 << 7,

    /// <summary>Other packets carry, or carried, its bytes of an RO stream as well.</summary>
    SentAgain = 1 << 8,

    /// <summary>Its bytes of an RO stream wait to be sent again already, though it is not lost.</summary>
    Requeued = 1 << 9,
}

// The fields are in this order so that the record is two cache lines, which a processor copies in a few moves.
/// <summary>A packet that was sent and neither acknowledged nor declared lost (RFC 9002 appendix A.1.1), and what it carried.</summary>
internal struct SentPacket
{
    public ulong Number;
    public Instant SentAt;

    /// <summary>The path's delivered bytes, and when they were counted, when the packet left: the sample of the delivery rate.</summary>
    public long Delivered;
    public Instant DeliveredAt;
    public Instant FirstSentAt;
    public long Lost;
    public long TransmitInFlight;

    /// <summary>Bytes of the whole NexLink frame.</summary>
    public int Size;

    public int Next;
    public int Previous;

    /// <summary>First of the control records, or -1.</summary>
    public int Control;

    /// <summary>The largest packet number that it acknowledged; means something with <see cref="SentPacketFlags.ReportsReceived"/>.</summary>
    public ulong LargestReported;

    /// <summary>The segment it carried, or -1; here and below a generation means something only with its index.</summary>
    public int Segment;
    public uint SegmentGeneration;

    /// <summary>The bytes of an RO stream that it carried: where they begin in the stream, how many (0: none), and the chunk that the first lay in.</summary>
    public ulong Position;
    public int Length;
    public int Chunk;

    /// <summary>The stream whose data it carried, or -1.</summary>
    public int Stream;
    public uint StreamGeneration;

    /// <summary>A BE or PR message that is to be reported, or -1.</summary>
    public int Message;
    public uint MessageGeneration;

    public SentPacketFlags Flags;

    /// <summary>How often its bytes of an RO stream had been lost before.</summary>
    public byte Losses;
}
