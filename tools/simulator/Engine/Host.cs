using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Simulator.Links;

namespace NexStream.Simulator.Engine;

/// <summary>
/// One end of a flow: an endpoint with its application, driven as a host would drive it. Without a poll interval it is called the moment
/// that something happens; with one, only at its multiples, with everything that came between.
/// </summary>
internal sealed class Host : Actor
{
    /// <summary>Virtual time is not 0 at the start, so that nothing mistakes an instant for none.</summary>
    private const long Epoch = Instant.Second;

    private readonly Agenda _agenda;
    private readonly PacketPool _pool;
    private readonly Transmission _transmission = new();
    private readonly long _pollNs;
    private readonly Queue<Packet> _inbox = new();
    private readonly Instant[] _deadlines;
    private readonly ConnectionHandle[] _connections;

    public Host(EndpointConfig config, FrameArena arena, int flow, long pollNs, Agenda agenda, PacketPool pool, TraceRecorder? recorder)
    {
        Endpoint = new Endpoint(config, arena, recorder);
        Flow = flow;
        _pollNs = pollNs;
        _agenda = agenda;
        _pool = pool;
        _deadlines = new Instant[config.MaxConnections];
        Array.Fill(_deadlines, Instant.Never);
        _connections = new ConnectionHandle[config.MaxConnections];
        DueAt = 0;
        agenda.Add(this);
    }

    public Endpoint Endpoint { get; }

    public int Flow { get; }

    /// <summary>The link that a frame takes.</summary>
    public Func<LinkHeader, DirectedLink> Route { get; set; } = null!;

    public IApplication Application { get; set; } = null!;

    /// <summary>A host that is dead neither hears nor says anything.</summary>
    public bool IsDead { get; set; }

    public static Instant InstantAt(long now) => new(Epoch + now);

    /// <summary>A frame came.</summary>
    public void Deliver(Packet packet, long now)
    {
        if (IsDead)
        {
            _pool.Return(packet);
            return;
        }

        if (_pollNs > 0)
        {
            _inbox.Enqueue(packet);
            return;
        }

        Receive(packet, now);
        Turn(now);
    }

    public override void Act(long now)
    {
        if (IsDead)
        {
            DueAt = Never;
            _agenda.Update(this);
            return;
        }

        while (_inbox.TryDequeue(out Packet? packet))
        {
            Receive(packet, now);
        }

        Instant instant = InstantAt(now);
        for (int i = 0; i < _deadlines.Length; i++)
        {
            if (_deadlines[i] <= instant)
            {
                _deadlines[i] = Instant.Never;
                Endpoint.HandleTimeout(_connections[i], instant);
            }
        }

        Turn(now);
    }

    /// <summary>The host moves: it is another node from now on.</summary>
    public void Move(NodeId node, long now)
    {
        Endpoint.ChangeNode(node, InstantAt(now));
        Turn(now);
    }

    private void Receive(Packet packet, long now)
    {
        Endpoint.Receive(new LinkFrame(packet.Header, packet.Bytes.AsSpan(0, packet.Length)), InstantAt(now));
        _pool.Return(packet);
    }

    /// <summary>Lets the application act, sends what there is to send, and finds out when to be called next.</summary>
    private void Turn(long now)
    {
        Instant instant = InstantAt(now);
        bool isNews;
        do
        {
            Application.Act(now);
            while (Endpoint.TryTransmit(instant, _transmission))
            {
                Route(_transmission.Header).Send(Take(), now);
            }

            isNews = false;
            while (Endpoint.TryGetEvent(out EndpointEvent item))
            {
                isNews = true;
                Application.OnEvent(item, now);
            }
        }
        while (isNews);

        while (Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            _deadlines[deadline.Connection.Index] = deadline.Deadline;
            _connections[deadline.Connection.Index] = deadline.Connection;
        }

        long due = _pollNs > 0 ? ((now / _pollNs) + 1) * _pollNs : Next(now);
        if (due != DueAt)
        {
            DueAt = due;
            _agenda.Update(this);
        }
    }

    private long Next(long now)
    {
        Instant earliest = Instant.Never;
        foreach (Instant deadline in _deadlines)
        {
            earliest = Instant.Min(earliest, deadline);
        }

        long due = earliest == Instant.Never ? Never : Math.Max(now, earliest.Nanoseconds - Epoch);
        return Math.Min(due, Application.DueAt);
    }

    /// <summary>What a network card does: copies the frame out and gives the references back.</summary>
    private Packet Take()
    {
        Packet packet = _pool.Take();
        packet.Header = _transmission.Header;
        packet.Flow = Flow;
        _transmission.Head.CopyTo(packet.Bytes);
        int at = _transmission.HeadLength;
        foreach (PayloadSlice slice in _transmission.Slices)
        {
            Endpoint.Arena.Bytes(slice.Index, slice.Offset, slice.Length).CopyTo(packet.Bytes.AsSpan(at));
            at += slice.Length;
            Endpoint.ReleaseFrame(slice.Frame);
        }

        packet.Length = at;
        return packet;
    }
}
