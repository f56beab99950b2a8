using System.Buffers.Binary;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>Takes connections out of the endpoint's fixed stock, finds them by their peers, and puts them back.</summary>
internal sealed class ConnectionFactory(EndpointState state, PathFactory paths)
{
    // Payload that begins in the middle of a frame of the arena reaches into one more than it would fill: so a packet as long as these frames still has the slices for it.
    private const int FramesOfPacketMax = Wire.Transmission.SliceCountMax - 1;

    /// <summary>Checks the settings of a connection, by themselves and against the endpoint that it is for.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it.</exception>
    public void Check(ConnectionConfig config)
    {
        config.Validate();
        int frameSize = state.Frames.FrameSize;
        long limit = (long)frameSize * FramesOfPacketMax;
        if (config.MaxFrameLength > limit)
        {
            throw new ArgumentOutOfRangeException(
                nameof(config),
                config.MaxFrameLength,
                $"{nameof(config.MaxFrameLength)} is {config.MaxFrameLength}; it may be {ConnectionConfig.FrameLengthMin} to {limit}, "
                + $"which is {FramesOfPacketMax} frames of the endpoint's arena, of {frameSize} bytes each.");
        }

        if (state.Schedulers.IndexOf(config.PathScheduler) < 0)
        {
            throw new ArgumentException(
                $"{nameof(config.PathScheduler)} is \"{config.PathScheduler}\", which the endpoint does not have: "
                + $"add its factory to {nameof(EndpointConfig)}.{nameof(EndpointConfig.PathSchedulerChoices)}.");
        }

        if (state.Paths.IndexOf(config.Congestion) < 0)
        {
            throw new ArgumentException(
                $"{nameof(config.Congestion)} is \"{config.Congestion}\", which the endpoint does not have: "
                + $"add its factory to {nameof(EndpointConfig)}.{nameof(EndpointConfig.CongestionChoices)}.");
        }
    }

    /// <summary>A connection that this side opens; null: all are in use.</summary>
    public Connection? CreateInitiator(NodeId remote, ConnectionConfig config, Instant now)
    {
        if (state.FreeConnections.Count == 0)
        {
            return null;
        }

        Connection connection = Create(remote, config, now, isClient: true);
        connection.State.TryConnect();
        connection.NextInitAt = now;
        connection.HandshakeEndsAt = now + config.HandshakeTimeout;
        ulong key = PeerKey(remote, 0);
        if (state.PeerIndex.Find(key) < 0)
        {
            connection.PeerKey = key;
            state.PeerIndex.Add(key, connection.Index);
        }

        state.MarkReady(connection);
        return connection;
    }

    /// <summary>A connection that a peer opens.</summary>
    public Connection CreateAcceptor(NodeId remote, Instant now)
    {
        Connection connection = Create(remote, state.Config.Connection, now, isClient: false);
        connection.State.TryAccept();
        connection.HandshakeEndsAt = now + connection.Config.HandshakeTimeout;
        return connection;
    }

    /// <summary>Both sides opened at once and the peer's CONN_INIT counts: the connection goes on as the one that accepts.</summary>
    public Connection TurnIntoAcceptor(Connection connection, Instant now)
    {
        RemovePending(connection);

        // The peer may have accepted this side's CONN_INIT before it sent its own: what it made of that must not speak for the connection that counts.
        paths.ChangeTag(connection.Path);
        connection.IsClient = false;
        connection.State.TryEstablish();
        connection.NextInitAt = Instant.Never;
        connection.HandshakeEndsAt = now + connection.Config.HandshakeTimeout;
        return connection;
    }

    /// <summary>
    /// This side moved before it was answered. Whom it asked may have made a connection for the former node, and makes another for this one: with a tag of its own
    /// the former cannot speak for it. A cookie is for one node and one tag.
    /// </summary>
    public void AskAgain(Connection connection, Instant now)
    {
        paths.ChangeTag(connection.Path);
        connection.CookieLength = 0;
        connection.NextInitAt = now;
    }

    /// <summary>Takes over what the peer allows.</summary>
    public void Adopt(Connection connection, uint maxStreams, ulong maxData, in TransportParameters parameters)
    {
        connection.Path.PeerTag = parameters.Tag;
        connection.PeerKey = PeerKey(connection.OpenedWith, parameters.Tag);
        if (state.PeerIndex.Find(connection.PeerKey) < 0)
        {
            state.PeerIndex.Add(connection.PeerKey, connection.Index);
        }

        connection.PeerStreamLimit = maxStreams;
        connection.Credit.Limit = maxData;
        connection.PeerStreamWindow = parameters.InitialStreamData;
        connection.PeerMessageWindow = parameters.InitialStreamMessages;
        connection.PeerMessageLengthMax = (int)Math.Min(parameters.MaxMessageLength, int.MaxValue);
        connection.PeerWindowScale = parameters.WindowScale;
        connection.PeerMaxAckDelayNs = Math.Min(parameters.MaxAckDelayUs * Instant.Microsecond, Instant.Second);
        int limit = (int)Math.Min(parameters.MaxFrameLength, (uint)connection.Config.MaxFrameLength);
        connection.FrameLengthLimit = limit;
        connection.PeerPathsMax = parameters.FurtherPathsMax;
        PathFactory.BeginFrameLength(connection, connection.Path);
    }

    /// <summary>The connection that a peer opened, or answered, from this node with this tag of its own; null: there is none.</summary>
    public Connection? FindByPeer(NodeId remote, ulong tag)
    {
        int index = state.PeerIndex.Find(PeerKey(remote, tag));
        return index < 0 || state.Connections[index].OpenedWith != remote ? null : state.Connections[index];
    }

    /// <summary>A connection to this node that still waits for CONN_ACCEPT; null: there is none.</summary>
    public Connection? FindPending(NodeId remote) => FindByPeer(remote, 0) is { State: ConnectionState.Init } pending ? pending : null;

    public void RemovePending(Connection connection)
    {
        if (connection.PeerKey == PeerKey(connection.OpenedWith, 0))
        {
            RemovePeer(connection);
        }
    }

    public void RemovePeer(Connection connection)
    {
        if (connection.PeerKey != 0 && state.PeerIndex.Find(connection.PeerKey) == connection.Index)
        {
            state.PeerIndex.Remove(connection.PeerKey);
        }

        connection.PeerKey = 0;
    }

    /// <summary>Puts a connection back whose end was told and whose late packets were answered. Its handles are stale from now on.</summary>
    public void Free(Connection connection)
    {
        Invariant.Check(connection.State == ConnectionState.Closed && connection.StreamCount == 0, "Only a connection that ended is put back.");
        Invariant.Check(connection.Path.InFlight.Count == 0 && connection.Path.BytesInFlight == 0, "A connection that is put back has nothing in flight.");
        RemovePeer(connection);
        for (int i = connection.Paths.Count - 1; i >= 0; i--)
        {
            paths.Free(connection, connection.Paths[i]);
        }

        // What was still to be said is not any more: there is no path left to say it on.
        connection.Path = null!;
        connection.CloseFramePending = false;
        connection.CloseAcknowledgePending = false;
        connection.Generation++;
        connection.ClosePhase = ClosePhase.None;
        state.ConnectionCount--;
        state.FreeConnections.Push(connection.Index);
    }

    private Connection Create(NodeId remote, ConnectionConfig config, Instant now, bool isClient)
    {
        Connection connection = state.Connections[state.FreeConnections.Pop()];
        state.ConnectionCount++;
        connection.Config = config;
        connection.IsClient = isClient;
        connection.IsOpenedHere = isClient;
        connection.ClosePhase = ClosePhase.None;
        connection.Events = ConnectionEvents.None;
        connection.PeerKey = 0;
        connection.OpenedWith = remote;
        connection.InitPacketNumber = 0;
        connection.CookieLength = 0;
        connection.NextInitAt = Instant.Never;
        connection.HandshakeEndsAt = Instant.Never;
        connection.PeerStreamLimit = 0;
        connection.WantsStreams = false;
        connection.Credit = default;
        connection.Window.Reset(0, (uint)config.ReceiveWindow);
        connection.Received = 0;
        connection.NextLocalOrdinal = 0;
        connection.NextPeerOrdinal = 0;
        connection.StreamLimit = (uint)config.MaxStreams;
        connection.PeerStreamsEnded = 0;
        connection.PeerPending = RangeSet.Empty;
        connection.Streams = SlabList<StreamState, StreamState.InConnection>.Empty;
        connection.StreamCount = 0;
        connection.StreamsOpened = 0;
        connection.Scheduler.Reset(config.Scheduling);
        connection.ControlList = StreamList.Empty;
        connection.DeadlineHeap = Slab<OutboundMessage>.None;
        connection.Skips = SlabList<OutboundMessage, OutboundMessage.InSkips>.Empty;
        connection.FlushList = DueList<ProbabilisticStream, ProbabilisticStream.ByFlush>.Empty;
        connection.ReportList = DueList<ProbabilisticStream, ProbabilisticStream.ByReport>.Empty;
        connection.GroupList = DueList<InboundGroup, InboundGroup.ByAge>.Empty;
        connection.Control = ConnectionControl.None;
        connection.PingCount = 0;
        connection.Memory.Reset((int)Math.Max((long)state.Frames.Arena.FrameCount * config.ArenaShare256 / 256, 1));
        int pieceLength = MessageSender.DatagramLengthMax(config.KnownFrameLength);
        connection.ReceivedMessageMax = (int)Math.Min(config.EffectiveMessageLength, connection.Memory.ReceivedMessageMax(state.Store, pieceLength));
        connection.ReadyBytes = 0;
        connection.SendBuffered = 0;
        connection.SendBuffer = config.SendBuffer;
        connection.LastActivityAt = now;
        connection.LastReceivedAt = now;
        connection.OutstandingSince = now;
        connection.KeepAliveAt = config.KeepAlive > TimeSpan.Zero ? now + config.KeepAlive : Instant.Never;
        connection.PaceAt = Instant.Never;
        connection.CloseAt = Instant.Never;
        connection.NextCloseAt = Instant.Never;
        connection.CloseAttempts = 0;
        connection.CloseReason = ReasonCode.None;
        connection.CloseFramePending = false;
        connection.CloseAcknowledgePending = false;
        connection.UndeliveredBytes = 0;
        connection.UndeliveredMessages = 0;
        connection.UnreadBytes = 0;
        connection.Retransmissions = 0;
        connection.DroppedForMemory = 0;
        connection.AcknowledgementsSent = 0;
        connection.AnnouncedDeadline = Instant.Never;
        connection.Paths = default;
        connection.UsedPaths = default;
        connection.ClosedPaths = default;
        connection.UntoldPaths = default;
        connection.LastPathId = 0;
        connection.PeerPathsMax = 0;
        connection.PathsRefused = 0;
        connection.Copy = DataCopy.None;
        connection.Path = paths.CreateFirst(connection, remote, now);
        state.Schedulers.Of(connection).Reset();
        return connection;
    }

    private ulong PeerKey(NodeId remote, ulong tag)
    {
        Span<byte> data = stackalloc byte[NodeId.Size + sizeof(ulong)];
        remote.Write(data);
        BinaryPrimitives.WriteUInt64BigEndian(data[NodeId.Size..], tag);
        return state.Hash.Compute(data) | 1;
    }
}
