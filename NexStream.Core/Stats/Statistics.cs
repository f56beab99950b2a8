using NexStream.Core.Primitives;

namespace NexStream.Core.Stats;

/// <summary>Whether a path carries data.</summary>
public enum PathCondition : byte
{
    /// <summary>It was offered, or is being validated.</summary>
    Opening,

    /// <summary>It carries data.</summary>
    Active,

    /// <summary>Nothing that was sent on it came back: it is asked now and then, and carries no data meanwhile.</summary>
    Silent,
}

/// <summary>What one path of a connection has done, and its state now. Times are nanoseconds, sizes bytes.</summary>
public readonly record struct PathStatistics
{
    /// <summary>Its id: 0 is the path that the connection was opened on.</summary>
    public byte Id { get; init; }

    /// <summary>Whether it carries data.</summary>
    public PathCondition Condition { get; init; }

    /// <summary>This endpoint's node on the path.</summary>
    public NodeId Local { get; init; }

    /// <summary>The peer's node on the path; the default as long as the peer has not said it.</summary>
    public NodeId Remote { get; init; }

    /// <summary>Its parts where paths share by weight.</summary>
    public byte Weight { get; init; }

    /// <summary>Packets sent.</summary>
    public ulong PacketsSent { get; init; }

    /// <summary>Packets received, duplicates left out.</summary>
    public ulong PacketsReceived { get; init; }

    /// <summary>Packets declared lost.</summary>
    public ulong PacketsLost { get; init; }

    /// <summary>How often the peer's node changed.</summary>
    public ulong Moves { get; init; }

    /// <summary>Packets declared lost that were acknowledged later.</summary>
    public ulong SpuriousLosses { get; init; }

    /// <summary>
    /// Packets of the path that were dropped as they came: most came twice, or so late that this cannot be told. Also those with the path's tag but the id of another path, or
    /// from a node to which the path may not move, and answers to a CONN_INIT that had been answered already.
    /// </summary>
    public ulong DuplicatesReceived { get; init; }

    /// <summary>Bytes of NexLink frames sent, headers included.</summary>
    public ulong BytesSent { get; init; }

    /// <summary>Bytes of NexLink frames received, headers included.</summary>
    public ulong BytesReceived { get; init; }

    /// <summary>Probe time-outs.</summary>
    public ulong ProbeTimeouts { get; init; }

    /// <summary>Smoothed round-trip time.</summary>
    public long SmoothedRttNs { get; init; }

    /// <summary>Smallest round-trip time seen.</summary>
    public long MinRttNs { get; init; }

    /// <summary>Round-trip time variation.</summary>
    public long RttVarianceNs { get; init; }

    /// <summary>Congestion window.</summary>
    public long CongestionWindow { get; init; }

    /// <summary>Bytes in flight.</summary>
    public long BytesInFlight { get; init; }

    /// <summary>Pacing rate in bytes per second; 0: not paced.</summary>
    public long PacingRate { get; init; }

    /// <summary>Below this window the controller is in slow start; <see cref="long.MaxValue"/>: no congestion yet.</summary>
    public long SlowStartThreshold { get; init; }

    /// <summary>What the controller believes the path to deliver, in bytes per second; 0: not known yet.</summary>
    public long DeliveryRate { get; init; }

    /// <summary>How much longer than the shortest round trip the latest one took.</summary>
    public long QueueingDelayNs { get; init; }

    /// <summary>The longest NexLink frame that is sent, header included.</summary>
    public int FrameLength { get; init; }

    /// <summary>Bytes of packets that were acknowledged.</summary>
    public long Delivered { get; init; }
}

/// <summary>What a connection has done.</summary>
public readonly record struct ConnectionStatistics
{
    /// <summary>The path that the connection was opened on; <see cref="ConnectionHandle.TryGetPath"/> gives the others.</summary>
    public PathStatistics Path { get; init; }

    /// <summary>Streams alive.</summary>
    public int StreamCount { get; init; }

    /// <summary>Streams opened so far, by either side.</summary>
    public ulong StreamsOpened { get; init; }

    /// <summary>Data that was sent again, in packets.</summary>
    public ulong Retransmissions { get; init; }

    /// <summary>Packets dropped because there was no memory for their data; they were not acknowledged.</summary>
    public ulong DroppedForMemory { get; init; }

    /// <summary>Acknowledgement frames sent.</summary>
    public ulong AcknowledgementsSent { get; init; }

    /// <summary>Paths that the peer offered and that were refused, because there are as many as this side takes.</summary>
    public ulong PathsRefused { get; init; }

    /// <summary>Frames of the arena and of peers that the connection holds.</summary>
    public int FramesHeld { get; init; }
}

/// <summary>What a stream has done. RO counts bytes, the message modes count messages, where it says units.</summary>
public readonly record struct StreamStatistics
{
    /// <summary>The mode.</summary>
    public TransportMode Mode { get; init; }

    /// <summary>Units that were given to a first transmission.</summary>
    public ulong Sent { get; init; }

    /// <summary>Units that the application handed over.</summary>
    public ulong Queued { get; init; }

    /// <summary>Units that the application has read.</summary>
    public ulong Received { get; init; }

    /// <summary>Packets of this stream declared lost.</summary>
    public uint PacketsLost { get; init; }

    /// <summary>Packets that carried data again.</summary>
    public uint Retransmissions { get; init; }

    /// <summary>Messages that expired or were dropped from a full buffer on the sending side.</summary>
    public uint Expired { get; init; }

    /// <summary>Messages that were dropped from a full buffer on the receiving side.</summary>
    public uint Dropped { get; init; }

    /// <summary>Bytes held for sending: queued and unacknowledged.</summary>
    public long SendBuffered { get; init; }

    /// <summary>Bytes received and not read.</summary>
    public long ReceiveBuffered { get; init; }

    /// <summary>PR only: thinning, repairs and the receiver's reports.</summary>
    public DeliveryStatistics? Delivery { get; init; }
}

/// <summary>What becomes of the messages of a Probabilistic stream, in both directions (NS-PR-005).</summary>
public readonly record struct DeliveryStatistics
{
    /// <summary>Messages that were left out by a draw, because the path delivers more than is wanted.</summary>
    public ulong Thinned { get; init; }

    /// <summary>Repairs that were made.</summary>
    public ulong RepairsSent { get; init; }

    /// <summary>Repairs that were due and for which there was no memory.</summary>
    public ulong RepairsSkipped { get; init; }

    /// <summary>The peer's last report: messages that arrived by themselves.</summary>
    public ulong ReportedReceived { get; init; }

    /// <summary>The peer's last report: messages that the path lost.</summary>
    public ulong ReportedLost { get; init; }

    /// <summary>The peer's last report: of those lost, messages that came back by repair.</summary>
    public ulong ReportedRecovered { get; init; }

    /// <summary>The share of packets that the path is believed to lose, from the reports.</summary>
    public double PathLoss { get; init; }

    /// <summary>The mean number of packets that it is believed to lose in a row.</summary>
    public double PathMeanBurst { get; init; }

    /// <summary>Repairs for each message that full groups get by now.</summary>
    public double PlannedOverhead { get; init; }

    /// <summary>From the peer: messages that arrived by themselves.</summary>
    public ulong ArrivedReceived { get; init; }

    /// <summary>From the peer: messages that the path lost.</summary>
    public ulong ArrivedLost { get; init; }

    /// <summary>From the peer: of those lost, messages that came back by repair.</summary>
    public ulong ArrivedRecovered { get; init; }
}

/// <summary>What an endpoint holds now, and what it has dropped outside any connection, each with its cause.</summary>
public readonly record struct EndpointStatistics
{
    /// <summary>Connections alive.</summary>
    public int ConnectionCount { get; init; }

    /// <summary>Connections alive whose peer was not validated yet.</summary>
    public int HalfOpenCount { get; init; }

    /// <summary>Frames that were too short, of another version or for another node.</summary>
    public ulong MalformedDropped { get; init; }

    /// <summary>Packets with a tag that names nothing here.</summary>
    public ulong UnknownTagDropped { get; init; }

    /// <summary>CONN_INIT that was not accepted: refused, a bad cookie, or malformed.</summary>
    public ulong HandshakesRefused { get; init; }

    /// <summary>Answers without a connection that were held back by their rate limit.</summary>
    public ulong AnswersSuppressed { get; init; }

    /// <summary>Streams alive over all connections.</summary>
    public int StreamCount { get; init; }

    /// <summary>Free frames of the arena.</summary>
    public int ArenaFree { get; init; }
}
