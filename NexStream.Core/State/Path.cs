using System.Runtime.CompilerServices;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Stats;

namespace NexStream.Core.State;

/// <summary>
/// One pair of nodes that a connection runs over: its packet numbers, round-trip time, congestion control and pacing (design §5).
/// Made up front and reset for each use.
/// </summary>
internal sealed class Path(int index)
{
    /// <summary>Its place among the endpoint's paths, which <see cref="LocalTag"/> carries.</summary>
    public readonly int Index = index;

    /// <summary>The connection that it belongs to, as long as it is in use.</summary>
    public Connection Owner = null!;

    /// <summary>What packets to this side and to the peer carry on it; 0: not in use, and not known yet.</summary>
    public ulong LocalTag;
    public ulong PeerTag;

    /// <summary>The controller in use, for as long as the path is, and the factory that it goes back to.</summary>
    public PathCongestion Congestion;
    public int CongestionIndex;
    public ReceivedPackets Received;
    public RttEstimator Rtt;

    /// <summary>When the first RTT sample was taken: earlier losses say nothing about persistent congestion (RFC 9002 §7.6.2).</summary>
    public Instant FirstRttAt;
    public ReorderingWindow Reordering;
    public Pacer Pacer;
    public EcnValidator Ecn;
    public SentPackets InFlight;

    /// <summary>Declared lost a short while ago: an acknowledgement that still comes shows that the loss was none.</summary>
    public SentPackets RecentlyLost;

    public NodeId Local;
    public NodeId Remote;
    public ulong NextPacketNumber;
    public ulong LargestAcknowledged;
    public long BytesInFlight;
    public Instant LastAckElicitingSentAt;

    /// <summary>When the oldest packet in flight reaches the time threshold.</summary>
    public Instant LossAt;
    public int AckElicitingInFlight;
    public int ProbeTimeoutCount;

    /// <summary>Packets that may be sent beyond the congestion window, because a probe time-out passed.</summary>
    public int ProbesAllowed;

    /// <summary>Questions of the peer's that are answered beyond the congestion window: it asks because this side moved, and acknowledges nothing before.</summary>
    public int AnswersAllowed;

    /// <summary>The longest frame that is sent now, and how that is found out.</summary>
    public int FrameLength;
    public MtuDiscovery Mtu;
    public byte Id;

    /// <summary>A small number that no other path of the connection has, and that is used again.</summary>
    public int Slot;

    /// <summary>The bit of the slot, where a byte stands for several paths.</summary>
    public byte SlotBit => (byte)(1 << Slot);

    public PathState State;
    public PathControl Control;
    public PathEvents Events;

    /// <summary>The parts that it gets where paths share by weight.</summary>
    public byte Weight;
    public bool HasAcknowledgement;
    public bool IsValidated;

    /// <summary>The packet sent last was acknowledged.</summary>
    public bool IsTailAcknowledged;

    public DeliveryRateSampler Rate;

    /// <summary>The node that may be the peer's new one.</summary>
    public AddressChallenge Challenge = AddressChallenge.None;

    /// <summary>The newest question of the peer's that was not answered, and of this side's.</summary>
    public ulong PongId;
    public ulong PingId;

    /// <summary>Congestion marks that the peer was told of.</summary>
    public ulong CongestionCount;

    /// <summary>A further path that is not validated by then is given up; never: it is.</summary>
    public Instant ValidationEndsAt;

    /// <summary>Since when nothing comes back, while that is so.</summary>
    public Instant SilentSince;

    /// <summary>Bytes of the packet that brought the peer's PATH_OFFER: they allow the first questions to a node from which nothing has come.</summary>
    public uint OfferBytes;

    /// <summary>The node that it named, which need not be the peer's any more.</summary>
    public NodeId OfferedNode;

    /// <summary>Packet numbers skipped on purpose that an acknowledgement must not name, and when the next is skipped.</summary>
    public ulong SkippedNumber;
    public ulong NextSkip;

    public ulong PacketsSent;
    public ulong PacketsReceived;
    public ulong PacketsLost;
    public ulong SpuriousLosses;
    public ulong DuplicatesReceived;
    public ulong BytesSent;

    /// <summary>Bytes that had been sent when an acknowledgement was last asked for.</summary>
    public ulong AckAskedAt;
    public ulong BytesReceived;
    public ulong ProbeTimeouts;

    /// <summary>How often the peer's node changed.</summary>
    public ulong Moves;

    /// <summary>Makes the path ready for another connection.</summary>
    public void Reset(byte id, NodeId local, NodeId remote, int frameLength, ulong firstPacketNumber)
    {
        Id = id;
        State = PathState.Active;
        Control = PathControl.None;
        Events = PathEvents.None;
        Weight = 1;
        PeerTag = 0;
        PongId = PingId = CongestionCount = 0;
        ValidationEndsAt = Instant.Never;
        SilentSince = default;
        OfferedNode = default;
        OfferBytes = 0;
        Rtt = default;
        FirstRttAt = Instant.Never;
        Reordering = default;
        InFlight = SentPackets.Empty;
        RecentlyLost = SentPackets.Empty;
        Local = local;
        Remote = remote;
        NextPacketNumber = firstPacketNumber;
        FrameLength = frameLength;
        LargestAcknowledged = 0;
        HasAcknowledgement = false;
        BytesInFlight = 0;
        AckElicitingInFlight = 0;
        LossAt = Instant.Never;
        ProbeTimeoutCount = 0;
        ProbesAllowed = 0;
        AnswersAllowed = 0;
        IsValidated = false;
        IsTailAcknowledged = false;
        Mtu = default;
        Rate = default;
        SkippedNumber = ulong.MaxValue;
        NextSkip = ulong.MaxValue;
        PacketsSent = PacketsReceived = PacketsLost = SpuriousLosses = DuplicatesReceived = 0;
        BytesSent = BytesReceived = ProbeTimeouts = AckAskedAt = Moves = 0;
        Challenge = AddressChallenge.None;
    }

    /// <summary>Takes over the frame length that path MTU discovery knows.</summary>
    public void AdoptFrameLength()
    {
        if (FrameLength != Mtu.FrameLength)
        {
            FrameLength = Mtu.FrameLength;
            Congestion.OnFrameLengthChanged(FrameLength);
            Pacer.OnFrameLengthChanged(FrameLength);
        }
    }

    /// <summary>Takes a sample of the round-trip time.</summary>
    public void OnRttSample(long sampleNs, long ackDelayNs, Instant now)
    {
        FirstRttAt = Instant.Min(FirstRttAt, now);
        Rtt.Update(sampleNs, ackDelayNs);
    }

    /// <summary>Whether it carries what the connection has to send.</summary>
    public bool IsUsable => State == PathState.Active && IsValidated;

    /// <summary>Whether the congestion window has room for a full packet, or does not count because a probe is due.</summary>
    public bool HasWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ProbesAllowed > 0 || BytesInFlight + FrameLength <= Congestion.Window;
    }

    /// <summary>The largest frame that may be sent now: the path's, or what is left of three times the bytes received.</summary>
    public int FrameLengthNow => IsValidated ? FrameLength : (int)Math.Min((ulong)FrameLength, Allowance - Math.Min(BytesSent, Allowance));

    private ulong Allowance => AddressChallenge.AmplificationFactor * (BytesReceived + OfferBytes);

    public PathStatistics Statistics() => new()
    {
        Id = Id,
        Condition = State switch
        {
            PathState.Active => IsValidated ? PathCondition.Active : PathCondition.Opening,
            PathState.Silent => PathCondition.Silent,
            _ => PathCondition.Opening,
        },
        Local = Local,
        Remote = Remote,
        Weight = Weight,
        PacketsSent = PacketsSent,
        PacketsReceived = PacketsReceived,
        PacketsLost = PacketsLost,
        SpuriousLosses = SpuriousLosses,
        DuplicatesReceived = DuplicatesReceived,
        BytesSent = BytesSent,
        BytesReceived = BytesReceived,
        ProbeTimeouts = ProbeTimeouts,
        SmoothedRttNs = Rtt.SmoothedNs,
        MinRttNs = Rtt.MinNs,
        RttVarianceNs = Rtt.VarianceNs,
        CongestionWindow = Congestion.Window,
        BytesInFlight = BytesInFlight,
        PacingRate = Congestion.PacingRate,
        SlowStartThreshold = Congestion.Controller.SlowStartThreshold,
        DeliveryRate = Congestion.Controller.DeliveryRate,
        QueueingDelayNs = Congestion.Controller.QueueingDelayNs,
        FrameLength = FrameLength,
        Delivered = Rate.Delivered,
        Moves = Moves,
    };
}
