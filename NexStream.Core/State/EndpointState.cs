using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;

namespace NexStream.Core.State;

/// <summary>All that an endpoint holds: the slabs, the tables, the connections and the lists of what is to be done. Made once; nothing grows.</summary>
internal sealed class EndpointState
{
    /// <summary>A stream of RU messages may have this many gaps in what arrived; more are dropped before they are acknowledged.</summary>
    public const int RangesPerStreamMax = 256;

    /// <summary>
    /// Segments that are kept for splits: where all others are lost and the frame became too small for them, nothing could else be sent again. One would do, as what was
    /// split is acknowledged in the end; with these it does not take a round trip each.
    /// </summary>
    private const int SplitReserve = 16;

    private const ulong StreamTableDomain = 1;
    private const ulong PartialTableDomain = 2;
    private const ulong PeerTableDomain = 3;

    public readonly EndpointConfig Config;
    public readonly FrameTable Frames;
    public readonly PayloadStore Store;
    public readonly Slab<StreamState> Streams;
    public readonly Slab<Segment> Segments;

    /// <summary>What RO streams had acknowledged behind a gap.</summary>
    public readonly Slab<RangeNode> AcknowledgedRuns;
    public readonly Slab<OutboundMessage> Messages;
    public readonly Slab<InboundMessage> Inbound;
    public readonly Slab<SentPacket> Packets;
    public readonly Slab<ControlRecord> Controls;
    public readonly Slab<RangeNode> Ranges;
    public readonly Slab<ProbabilisticStream> Probabilistic;
    public readonly Slab<InboundGroup> Groups;

    /// <summary>(connection, stream id) to stream.</summary>
    public readonly IndexTable StreamIndex;

    /// <summary>(stream, message number) to the message that is being put together.</summary>
    public readonly IndexTable PartialIndex;

    /// <summary>(remote node, the tag it chose) to connection: finds repeated handshakes.</summary>
    public readonly IndexTable PeerIndex;

    public readonly Connection[] Connections;
    public readonly PathPool Paths;
    public readonly PathSchedulerPool Schedulers;
    public readonly Stack<int> FreeConnections;
    public readonly IndexRing Ready;
    public readonly IndexRing Deadlines;

    /// <summary>Connections that could not open a stream because the endpoint had no record for it.</summary>
    public readonly IndexRing Waiting;
    public readonly EventQueue Events;
    public readonly StarvedStreams Starved;
    public readonly KeyedHash Hash;
    public readonly KeyedHash CookieHash;

    /// <summary>How often the host looks after its connections, measured: pacing allows bursts that bridge it.</summary>
    public PollInterval Poll;

    /// <summary>Whether the common packet is told from the others at a glance. Tests switch it off and see the same.</summary>
    public bool UsesPrediction = true;

    /// <summary>Packets that were.</summary>
    public ulong PredictedSent;
    public ulong PredictedReceived;

    /// <summary>Of those received, the ones that came behind another in a train.</summary>
    public ulong ReceivedInTrains;

    /// <summary>Who this endpoint is, and who it was before its node changed last: packets may still be on their way there.</summary>
    public NodeId Node;
    public NodeId FormerNode;

    /// <summary>
    /// Free segments that are kept for packets in flight: with bytes of an RO stream each takes one if it is lost, and of those that share a segment of RU all but the first
    /// take one where they fare differently.
    /// </summary>
    public int SegmentsReserved;

    /// <summary>Segments that may be taken to split one that was lost and does not fit a frame any more.</summary>
    public int SegmentsForSplits => Segments.FreeCount - SegmentsReserved;

    /// <summary>Segments that may be taken, or kept, for what was not sent before.</summary>
    public int SegmentsForNew => SegmentsForSplits - SplitReserve;

    /// <summary>Who it is as well, for further paths.</summary>
    public readonly NodeId[] FurtherNodes;

    public int HalfOpenCount;
    public int ConnectionCount;

    /// <summary>The latest instant that the caller has given: time never runs backwards.</summary>
    public Instant Now;

    /// <summary>
    /// Whether a packet on this path can be remembered. Of packet and control records one a path is kept: a path with nothing in flight can always send one packet
    /// and one control frame, whatever the others hold, so that probes and answers never wait for another connection's acknowledgements.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasRecordsFor(Path path) => (PacketsUnreserved > 0 && ControlsUnreserved > 0) || path.InFlight.Count == 0;

    /// <summary>Packets that any path may still send.</summary>
    public int PacketsUnreserved => Packets.FreeCount - Paths.Count - PacketsInRuns;

    /// <summary>Packets in flight that share another's record: each keeps one in reserve, which it gets where its record is split.</summary>
    public int PacketsInRuns;

    /// <summary>How many control records the next packet may take, on a path for which there are records.</summary>
    public int ControlsForPacket => Math.Clamp(ControlsUnreserved, 1, ControlRecord.PerPacketMax);

    private int ControlsUnreserved => Controls.FreeCount - Paths.Count;

    public EndpointState(EndpointConfig config, FrameArena arena, Endpoint endpoint)
    {
        Config = config;
        Node = config.Node;
        FormerNode = config.Node;
        FurtherNodes = [.. config.FurtherNodes];
        Hash = new KeyedHash(config.Key.Span);
        CookieHash = new KeyedHash(config.Key.Span[KeyedHash.KeySize..]);
        Frames = new FrameTable(arena, config.MaxConnections);
        Store = new PayloadStore(Frames, new Slab<Chunk>(config.MaxChunks), config.ArenaReserve256);
        Streams = new Slab<StreamState>(config.MaxStreams);
        Segments = new Slab<Segment>(config.MaxPacketsInFlight + SplitReserve);
        AcknowledgedRuns = new Slab<RangeNode>(config.MaxPacketsInFlight);
        Messages = new Slab<OutboundMessage>(config.MaxMessages);
        Inbound = new Slab<InboundMessage>(config.MaxMessages);
        Packets = new Slab<SentPacket>(config.MaxPacketsInFlight + config.EffectivePaths);
        Controls = new Slab<ControlRecord>(config.MaxPacketsInFlight + ControlRecord.PerPacketMax + config.EffectivePaths);
        Ranges = new Slab<RangeNode>(config.MaxMessages);
        Probabilistic = new Slab<ProbabilisticStream>(Math.Min(config.MaxProbabilisticStreams, config.MaxStreams));
        Groups = new Slab<InboundGroup>(config.MaxRepairGroups);
        StreamIndex = new IndexTable(config.MaxStreams, Hash.Compute(StreamTableDomain, 0));
        PartialIndex = new IndexTable(config.MaxMessages, Hash.Compute(PartialTableDomain, 0));
        PeerIndex = new IndexTable(config.MaxConnections, Hash.Compute(PeerTableDomain, 0));
        Ready = new IndexRing(config.MaxConnections);
        Deadlines = new IndexRing(config.MaxConnections);
        Waiting = new IndexRing(config.MaxConnections);
        Events = new EventQueue(this, endpoint);
        Starved = new StarvedStreams(this);
        Connections = new Connection[config.MaxConnections];
        Paths = new PathPool([config.Congestion, .. config.CongestionChoices], config.EffectivePaths);
        Schedulers = new PathSchedulerPool(
            [config.PathScheduler, .. config.PathSchedulerChoices], config.MaxConnections, isUsed: config.EffectivePaths > config.MaxConnections);
        FreeConnections = new Stack<int>(config.MaxConnections);
        for (int i = config.MaxConnections - 1; i >= 0; i--)
        {
            Connections[i] = new Connection(i);
            FreeConnections.Push(i);
        }
    }

    /// <summary>The connection has, or may have, something to send.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MarkReady(Connection connection)
    {
        if (!connection.InReadyList)
        {
            connection.InReadyList = true;
            Ready.Enqueue(connection.Index);
        }

        MarkDeadline(connection);
    }

    /// <summary>The connection's next deadline may have changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MarkDeadline(Connection connection)
    {
        if (!connection.InDeadlineList)
        {
            connection.InDeadlineList = true;
            Deadlines.Enqueue(connection.Index);
        }
    }

    /// <summary>Bytes that a stream holds for sending change: the connection knows from their sum when everything was flushed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddBuffered(ref StreamState stream, int bytes)
    {
        stream.Send.Buffered += bytes;
        Connections[stream.Connection].SendBuffered += bytes;
        Invariant.Check(stream.Send.Buffered >= 0 && Connections[stream.Connection].SendBuffered >= stream.Send.Buffered, "A connection holds what its streams hold.");
    }

    /// <summary>
    /// How many frames a connection may hold for a send to take more: its share for sending (<see cref="MemoryShare.SendFramesMax"/>), and nothing of the last quarter
    /// of frames and of chunks, which is kept for what comes in. Where that is too few for <paramref name="frames"/> more, those go back that small payloads share
    /// and nothing is left in.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SendFramesMax(Connection connection, in StreamState stream, int frames = 1)
    {
        int max = !HasMemoryForSending ? 0
            : stream.Send.Buffered >= 2 * Frames.FrameSize ? connection.Memory.SendFramesMaxOfLargeStream
            : connection.Memory.SendFramesMax;
        if (Frames.HeldBy(connection.Index) + frames > max)
        {
            // With a small share these may be all that it holds, and nothing else would free them.
            connection.Memory.Sending.DropIfEmpty(Frames);
            connection.Memory.Received.DropIfEmpty(Frames);
        }

        return max;
    }

    /// <summary>Whether a connection may keep what lies behind a gap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayTakeAhead(Connection connection) => !Store.OnlyGapsMayFill && Frames.HeldBy(connection.Index) < connection.Memory.AheadMax;

    /// <summary>Whether a send may take anything at all.</summary>
    public bool HasMemoryForSending => Store.HasForSending(1);

    /// <summary>Whether frames for this node are for this endpoint, on whichever path.</summary>
    public bool IsOwn(NodeId node)
    {
        if (node == Node || node == FormerNode)
        {
            return true;
        }

        for (int i = 0; i < FurtherNodes.Length; i++)
        {
            if (FurtherNodes[i] == node)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Time stands still rather than running backwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Instant Advance(Instant now)
    {
        Now = Instant.Max(Now, now);
        return Now;
    }
}
