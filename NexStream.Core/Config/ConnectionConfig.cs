using NexStream.Core.Multipath;
using NexStream.Core.Wire;

namespace NexStream.Core.Config;

/// <summary>How streams with data share the congestion window.</summary>
public enum SchedulingPolicy : byte
{
    /// <summary>Deficit round robin: a stream of priority p gets p + 1 parts. Nobody starves.</summary>
    Weighted,

    /// <summary>The highest priority that has something to send goes first; equals take turns.</summary>
    Strict,
}

/// <summary>The limits and time-outs of one connection. Read when it is opened or accepted.</summary>
public sealed record ConnectionConfig
{
    /// <summary>The smallest NexLink frame that carries every frame type, header included: RFC 9000 §14 asks 1200 bytes of a path.</summary>
    public const int FrameLengthMin = 1200;

    /// <summary>The most concurrent streams that a peer may be allowed (NS-NF-004).</summary>
    public const int StreamsMax = 65_536;

    /// <summary>
    /// The largest NexLink frame that is sent, its 48-byte header included, in bytes: at least <see cref="FrameLengthMin"/>, at most 2^20 and three frames of the
    /// endpoint's arena. The peer is told in the handshake, and sends no larger one either.
    /// </summary>
    public int MaxFrameLength { get; init; } = 1500;

    /// <summary>
    /// The NexLink frame that the path is known to carry, in bytes with its header; null: <see cref="MaxFrameLength"/>, as on a link within one machine.
    /// Where it is less, path MTU discovery searches for more (RFC 8899).
    /// </summary>
    public int? InitialFrameLength { get; init; }

    /// <summary>
    /// Paths that the connection may have at a time, 1 to 8, as far as both sides allow: with 1, further paths are neither opened nor taken. The peer is told in the
    /// handshake.
    /// </summary>
    public int MaxPaths { get; init; } = 1;

    /// <summary>
    /// The name of the path scheduler: that of <see cref="EndpointConfig.PathScheduler"/> or of one of
    /// <see cref="EndpointConfig.PathSchedulerChoices"/>; null: the former.
    /// </summary>
    public string? PathScheduler { get; init; }

    /// <summary>Streams that the peer may have open at a time (NS-C-005).</summary>
    public int MaxStreams { get; init; } = 1024;

    /// <summary>Connection credit at the start, in bytes of RO and RU data.</summary>
    public int ReceiveWindow { get; init; } = 4 * 1024 * 1024;

    /// <summary>What the connection's receive window may grow to, in bytes.</summary>
    public int ReceiveWindowMax { get; init; } = 24 * 1024 * 1024;

    /// <summary>Credit of a stream at the start, in bytes (RO).</summary>
    public int StreamReceiveWindow { get; init; } = 128 * 1024;

    /// <summary>What a stream's receive window may grow to, in bytes (RO).</summary>
    public int StreamReceiveWindowMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>Credit of a stream at the start, in messages (RU, NS-RU-004).</summary>
    public int StreamMessageWindow { get; init; } = 256;

    /// <summary>What a stream's receive window may grow to, in messages (RU).</summary>
    public int StreamMessageWindowMax { get; init; } = 16 * 1024;

    /// <summary>
    /// The longest RU message that is accepted, in bytes; half of <see cref="ReceiveWindow"/> where that is less, because a message is charged
    /// whole, and only that much credit is always there again once everything was read; and what the connection's share of the arena could hold of one where
    /// each packet keeps a frame.
    /// </summary>
    public int MaxMessageLength { get; init; } = 2 * 1024 * 1024;

    /// <summary>Bytes that a stream may hold for sending: queued and unacknowledged. One message may be longer when nothing else is held.</summary>
    public int SendBuffer { get; init; } = 1024 * 1024;

    /// <summary>Bytes of unread messages that a BE or PR stream holds; beyond it the oldest is dropped.</summary>
    public int DatagramBuffer { get; init; } = 256 * 1024;

    /// <summary>
    /// How long a message of a PR stream waits, at most, for its group to fill before repairs are made for those that are there: what is lost is back so much
    /// later, and a round trip is never waited for.
    /// </summary>
    public TimeSpan RepairFlush { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How often a PR stream on which something arrives is reported to its sender (NS-PR-005).</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long an incomplete group of the peer's is kept, in case repairs still come.</summary>
    public TimeSpan RepairLifetime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How much of the endpoint's arena, in 1/256 and by frames, one connection may hold.</summary>
    public int ArenaShare256 { get; init; } = 192;

    /// <summary>How long the initiator waits for CONN_ACCEPT (NS-C-002).</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection lives without stream activity (NS-C-003).</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a PING is sent on a quiet connection; zero: never.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.Zero;

    /// <summary>Whether keep-alive counts as activity, so that <see cref="IdleTimeout"/> never closes a connection whose peer answers.</summary>
    public bool KeepAliveDefeatsIdle { get; init; }

    /// <summary>How long nothing may come from the peer while data is outstanding.</summary>
    public TimeSpan PeerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a graceful close may flush, and unread data stays readable.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest that an acknowledgement is held back. A host that polls more rarely sets at least its interval.</summary>
    public TimeSpan MaxAckDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// The most ack-eliciting packets that one acknowledgement may wait for. How many it does wait for follows the number that come in a round
    /// trip, from 10 up; after the handshake, and when the sender says that it waits, fewer.
    /// </summary>
    public int AckThreshold { get; init; } = 64;

    /// <summary>How often the same data may be lost before its stream ends (NS-RO-006).</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>How streams share the window.</summary>
    public SchedulingPolicy Scheduling { get; init; } = SchedulingPolicy.Weighted;

    /// <summary>
    /// The name of the congestion controller: that of <see cref="EndpointConfig.Congestion"/> or of one of
    /// <see cref="EndpointConfig.CongestionChoices"/>; null: the former.
    /// </summary>
    public string? Congestion { get; init; }

    /// <summary>Whether packets are marked as ECN-capable until validation says otherwise (RFC 9000 §13.4).</summary>
    public bool Ecn { get; init; } = true;

    /// <summary>Leaves as many numbers again: a connection never runs out of them.</summary>
    private const long FirstNumberMax = (long)WireLimits.PositionMax / 2;

    internal int KnownFrameLength => InitialFrameLength ?? MaxFrameLength;

    internal int EffectiveMessageLength => Math.Min(MaxMessageLength, ReceiveWindow / 2);

    /// <summary>The first packet number: a test starts just below a boundary that would take hours to reach.</summary>
    internal ulong FirstPacketNumber { get; init; }

    /// <summary>The first offset and message number of every stream, the same on both sides: for the same kind of test.</summary>
    internal ulong FirstSequence { get; init; }

    internal void Validate()
    {
        Limit.Check(MaxFrameLength, FrameLengthMin, 1 << 20, nameof(MaxFrameLength));
        Limit.Check(KnownFrameLength, FrameLengthMin, MaxFrameLength, nameof(InitialFrameLength));
        Limit.Check(MaxPaths, 1, PathView.SlotCount, nameof(MaxPaths));
        Limit.Check(MaxStreams, 0, StreamsMax, nameof(MaxStreams));
        Limit.Check(ReceiveWindow, LinkHeader.Size, int.MaxValue, nameof(ReceiveWindow));
        Limit.Check(ReceiveWindowMax, ReceiveWindow, int.MaxValue, nameof(ReceiveWindowMax));
        Limit.Check(StreamReceiveWindow, 1, int.MaxValue, nameof(StreamReceiveWindow));
        Limit.Check(StreamReceiveWindowMax, StreamReceiveWindow, int.MaxValue, nameof(StreamReceiveWindowMax));
        Limit.Check(StreamMessageWindow, 1, 1 << 24, nameof(StreamMessageWindow));
        Limit.Check(StreamMessageWindowMax, StreamMessageWindow, 1 << 24, nameof(StreamMessageWindowMax));
        Limit.Check(MaxMessageLength, 1, int.MaxValue, nameof(MaxMessageLength));
        Limit.Check(SendBuffer, 1, int.MaxValue, nameof(SendBuffer));
        Limit.Check(DatagramBuffer, 1, int.MaxValue, nameof(DatagramBuffer));
        Limit.Check(RepairFlush, TimeSpan.FromMicroseconds(1), TimeSpan.FromMinutes(1), nameof(RepairFlush));
        Limit.Check(ReportInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), nameof(ReportInterval));
        Limit.Check(RepairLifetime, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10), nameof(RepairLifetime));
        Limit.Check(ArenaShare256, 1, 256, nameof(ArenaShare256));
        Limit.Check(HandshakeTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), nameof(HandshakeTimeout));
        Limit.Check(IdleTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(365), nameof(IdleTimeout));
        Limit.Check(KeepAlive, TimeSpan.Zero, TimeSpan.FromDays(1), nameof(KeepAlive));
        Limit.Check(PeerTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), nameof(PeerTimeout));
        Limit.Check(Linger, TimeSpan.Zero, TimeSpan.FromDays(1), nameof(Linger));
        Limit.Check(MaxAckDelay, TimeSpan.Zero, TimeSpan.FromSeconds(1), nameof(MaxAckDelay));
        Limit.Check(AckThreshold, 1, 256, nameof(AckThreshold));
        Limit.Check(MaxAttempts, 1, 255, nameof(MaxAttempts));
        Limit.Check((long)Math.Min(FirstPacketNumber, long.MaxValue), 0, FirstNumberMax, nameof(FirstPacketNumber));
        Limit.Check((long)Math.Min(FirstSequence, long.MaxValue), 0, FirstNumberMax, nameof(FirstSequence));
    }
}
