using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Oracles;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Hosts;

/// <summary>An application that does at random whatever an application may do, until the world heals; then it finishes what it began.</summary>
internal sealed class Application
{
    private readonly World _world;
    private readonly Host _host;
    private readonly Draw _draw;
    private readonly List<StreamHandle> _stale = [];
    private readonly StreamView?[] _byIndex;
    private int _acts;

    public Application(World world, Host host, Draw draw)
    {
        _world = world;
        _host = host;
        _draw = draw;
        _acts = world.Plan.ActsMax;
        _byIndex = new StreamView?[host.Endpoint.Config.MaxStreams];
        NextAt = world.Now + (long)(draw.Next() % (ulong)host.Plan.ActNs);
        Sender = new Sender(world, host, draw.Fork());
        Reader = new Reader(world, host, draw.Fork());
    }

    /// <summary>All connections that it ever had, and all streams of those that live, or lived until the end of the world was near.</summary>
    public List<ConnectionView> Connections { get; } = [];

    public List<StreamView> Streams { get; } = [];

    public Sender Sender { get; }

    public Reader Reader { get; }

    /// <summary>When it wants to act next, in the world's time.</summary>
    public long NextAt { get; private set; }

    /// <summary>Does what is due.</summary>
    public void Act(Instant now)
    {
        if (NextAt > _world.Now)
        {
            return;
        }

        if (_world.IsHealed)
        {
            // Ever more rarely: what is not done soon is waiting for something that takes its time.
            Closing.Step(_world, _host, now);
            bool isDone = Connections.TrueForAll(connection => connection.IsClosed);
            NextAt = isDone ? long.MaxValue : _world.Now + (5 * Instant.Millisecond) + ((_world.Now - _world.HealedAt) / 8);
            return;
        }

        NextAt = _acts > 0 ? _world.Now + 1 + (long)(_draw.Next() % (ulong)(2 * _host.Plan.ActNs)) : long.MaxValue;
        for (int i = _draw.Between(1, 3); i > 0 && _acts > 0; i--)
        {
            _acts--;
            ActOnce(now);
        }

        Reader.ReadDue(Streams);
        if (_acts == 0 && Reader.HasDue)
        {
            NextAt = _world.Now + Math.Max(_host.Plan.ReadNs, Instant.Millisecond);
        }
    }

    /// <summary>From now on it finishes.</summary>
    public void Heal()
    {
        NextAt = _world.Now;
        Sender.ReturnLeases();
        Reader.ReturnAll();
    }

    /// <summary>The host is no more: nobody can ask anything of what it had begun.</summary>
    public void OnHostDied()
    {
        foreach (StreamView stream in Streams)
        {
            Break(stream);
        }
    }

    public void OnEvent(in EndpointEvent item, Instant now)
    {
        ConnectionView connection = ViewOf(item);
        if (_world.IsHealed && item.Kind is EventKind.ConnectionAccepted or EventKind.StreamOpened or EventKind.StreamWritable or EventKind.StreamsAvailable)
        {
            NextAt = Math.Min(NextAt, _world.Now + Instant.Millisecond);
        }

        if (item.Stream == default)
        {
            OnConnection(connection, item);
            return;
        }

        StreamView stream = StreamOf(connection, item.Stream);
        EventRules.OnStream(stream, item);
        OnStream(stream, item, now);
    }

    public void CheckStatistics()
    {
        foreach (ConnectionView connection in Connections)
        {
            if (!connection.IsClosed)
            {
                StatisticsRules.OnConnection(connection);
            }
        }

        foreach (StreamView stream in Streams)
        {
            if (!stream.IsClosed && !stream.Connection.IsClosed)
            {
                StatisticsRules.OnStream(stream);
            }
        }
    }

    /// <summary>Notes that a stream, both halves of it, owes nothing any more.</summary>
    public static void Break(StreamView stream)
    {
        stream.Sent.IsBroken |= !stream.IsClosed;
        if (stream.Read is { } read)
        {
            read.IsBroken |= !stream.IsClosed;
        }
    }

    /// <summary>A stream was opened here, or by the peer.</summary>
    public StreamView Add(ConnectionView connection, in StreamHandle handle, bool isOpenedHere)
    {
        uint id = handle.Id;
        var view = new StreamView(connection, handle, id, isOpenedHere, HalfOf(connection, connection.LocalTag, connection.PeerTag, id, handle.Mode))
        {
            Read = new ReadHalf(HalfOf(connection, connection.PeerTag, connection.LocalTag, id, handle.Mode)),
        };
        if (id == StreamId.ConnectionControl)
        {
            // The peer opened it, gave it up and was answered before this application could look: its events still come, and no call reaches it.
            Break(view);
        }

        Streams.Add(view);
        _byIndex[handle.Index] = view;
        return view;
    }

    /// <summary>
    /// Where tags may name two connections, each application keeps its own book; so it does where what opened a stream was changed on its way, and the two sides have it in
    /// two modes.
    /// </summary>
    private SentHalf HalfOf(ConnectionView connection, ulong tag, ulong readerTag, uint id, TransportMode mode)
    {
        SentHalf? common = _world.Plan.IsTrusted ? _world.Ledger.HalfOf(tag, readerTag, id, mode) : null;
        if (common is not null && common.Mode != mode && !_world.IsTainted(connection))
        {
            throw new SwarmFailureException("one mode", $"{common.Name} is {mode} to the other side");
        }

        return common?.Mode == mode ? common : new SentHalf(tag, id, mode);
    }

    private void ActOnce(Instant now)
    {
        ConnectionView? connection = Connections.Count > 0 ? Connections[_draw.Below(Connections.Count)] : null;
        StreamView? stream = Streams.Count > 0 ? Streams[_draw.Below(Streams.Count)] : null;
        switch (_draw.Below(20))
        {
            case 0:
            case 1 when connection is null:
                Connect(now);
                break;
            case 1 or 2 or 3 when connection is { IsKnown: true, IsClosed: false }:
                Open(connection);
                break;
            case 4 when stream is not null && _draw.OneIn(2):
                Finish(stream);
                break;
            case 5 when stream is not null && _world.Plan.Has(Feature.Resets) && _draw.OneIn(2):
                GiveUp(stream);
                break;
            case 6 when stream is not null && _world.Plan.Has(Feature.StreamChurn):
                Finish(stream);
                break;
            case 7 when connection is not null && _world.Plan.Has(Feature.ConnectionChurn) && _draw.OneIn(4):
                End(connection, now);
                break;
            case 8 when stream is { Sent.Mode: TransportMode.Probabilistic } && _world.Plan.Has(Feature.Delivery):
                stream.Handle.SetDelivery(Sender.Delivery());
                break;
            case 9 when _stale.Count > 0 && _world.Plan.Has(Feature.StaleHandles):
                StaleRules.Check(_stale[_draw.Below(_stale.Count)]);
                break;
            case 10 when stream is not null && _world.Plan.Has(Feature.ZeroCopySend):
                Sender.Lease(stream);
                break;
            case 11 when connection is { IsKnown: true, IsClosed: false } && _world.Plan.Has(Feature.Paths):
                ChangePaths(connection, now);
                break;
            default:
                if (stream is not null)
                {
                    Sender.Send(stream, now);
                }

                break;
        }
    }

    private void ChangePaths(ConnectionView connection, Instant now)
    {
        IReadOnlyList<NodeId> nodes = _host.Plan.Config.FurtherNodes;
        connection.Handle.TryGetPathAt(_draw.Below(Math.Max(connection.Handle.PathCount, 1)), out Core.Stats.PathStatistics path);
        switch (_draw.Below(4))
        {
            case 0 when path.Id != 0:
                connection.Handle.ClosePath(path.Id, now);
                break;
            case 1:
                connection.Handle.SetPathWeight(path.Id, (byte)_draw.Between(1, byte.MaxValue));
                break;
            default:
                connection.Handle.OpenPath(nodes[_draw.Below(nodes.Count)], now, out _);
                break;
        }
    }

    private void Connect(Instant now)
    {
        int others = _world.Plan.Hosts.Count;
        int to = (_host.Index + 1 + _draw.Below(others - 1)) % others;
        if (_host.Endpoint.Connect(_world.HostAt(to).Endpoint.Node, now, out ConnectionHandle handle, _draw.Pick<ConnectionConfig>(_host.Plan.Choices)) == CallStatus.Ok)
        {
            Connections.Add(new ConnectionView(_host, handle, isOpenedHere: true));
        }
    }

    private void Open(ConnectionView connection)
    {
        if (Streams.Count(stream => stream.IsOpenedHere) >= _world.Plan.StreamsMax)
        {
            return;
        }

        CallStatus status = connection.Handle.OpenStream(Sender.Config(), out StreamHandle handle);
        connection.WantsStreams |= status == CallStatus.LimitReached;
        if (status == CallStatus.Ok)
        {
            StreamView view = Add(connection, handle, isOpenedHere: true);
            Sender.Send(view, _host.Now);
        }
    }

    private static void Finish(StreamView stream)
    {
        if (stream.Handle.Finish() == CallStatus.Ok)
        {
            stream.Sent.IsFinished = true;
            stream.IsSendingOver = true;
        }
    }

    private void GiveUp(StreamView stream)
    {
        bool isReset = _draw.OneIn(2);
        CallStatus status = isReset ? stream.Handle.Reset(ReasonCode.ApplicationBase) : stream.Handle.Close();
        if (status != CallStatus.Ok)
        {
            return;
        }

        // Close finishes what is sent; whoever resets breaks both halves. What is not read any more may be cut off by the peer.
        stream.Sent.IsFinished |= !isReset && !stream.IsSendingOver;
        stream.Sent.IsBroken |= isReset;
        stream.Read!.IsBroken = true;
        stream.Read.Sent.IsBroken = true;
        stream.IsSendingOver = true;
    }

    private void End(ConnectionView connection, Instant now)
    {
        CallStatus status = _draw.OneIn(2) ? connection.Handle.Close(now) : connection.Handle.Abort(now);
        connection.IsEndedHere |= status == CallStatus.Ok;
    }

    private void OnConnection(ConnectionView connection, in EndpointEvent item)
    {
        EventRules.OnConnection(connection, item);
        if (item.Kind is EventKind.ConnectionEstablished or EventKind.ConnectionAccepted)
        {
            connection.LearnTags();
        }

        if (item.Kind == EventKind.ConnectionClosed)
        {
            ReasonRules.OnClosed(_world, connection);
            for (int i = Streams.Count - 1; i >= 0; i--)
            {
                if (ReferenceEquals(Streams[i].Connection, connection))
                {
                    Break(Streams[i]);
                    Forget(Streams[i]);
                }
            }
        }
        else if (item.Kind == EventKind.StreamsAvailable && !_world.IsHealed)
        {
            Open(connection);
        }
    }

    private void OnStream(StreamView stream, in EndpointEvent item, Instant now)
    {
        switch (item.Kind)
        {
            case EventKind.StreamReadable:
                Reader.OnReadable(stream);
                break;
            case EventKind.StreamWritable when !_world.IsHealed:
                Sender.Send(stream, now);
                break;
            case EventKind.StreamReset:
                stream.Read!.IsBroken = true;
                break;
            case EventKind.StreamStopped:
                stream.Sent.IsBroken = true;
                stream.IsSendingOver = true;
                break;
            case EventKind.StreamClosed:
                Forget(stream);
                break;
            case EventKind.MessageAcknowledged or EventKind.MessageLost or EventKind.MessageExpired:
                Sender.OnReport(stream, item);
                break;
            default:
                break;
        }
    }

    private void Forget(StreamView stream)
    {
        if (stream.IsClosed && stream.Read is { IsBroken: false, IsEnded: false, Sent.IsBroken: false } && !_world.IsTainted(stream.Connection))
        {
            throw new SwarmFailureException("complete", $"{stream.Read.Sent.Name} is closed, and its reader was not told of its end");
        }

        if (stream.Sent.MissingReport() is { } missing)
        {
            throw new SwarmFailureException("a report for each message, once", missing);
        }

        Streams.Remove(stream);
        _stale.Add(stream.Handle);
    }

    private ConnectionView ViewOf(in EndpointEvent item)
    {
        ConnectionHandle handle = item.Connection;
        foreach (ConnectionView known in Connections)
        {
            if (known.Handle == handle)
            {
                return known;
            }
        }

        var accepted = new ConnectionView(_host, handle, isOpenedHere: false);
        Connections.Add(accepted);
        return accepted;
    }

    private StreamView StreamOf(ConnectionView connection, in StreamHandle handle) =>
        _byIndex[handle.Index] is { } known && known.Handle == handle ? known : Find(handle) ?? Add(connection, handle, isOpenedHere: false);

    /// <summary>A stream that its connection ended under, and whose place another has by now: what became of its messages is still told.</summary>
    private StreamView? Find(StreamHandle handle) => Streams.Find(stream => stream.Handle == handle);
}
