using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;
using NexStream.Driver.Timers;

namespace NexStream.Driver;

/// <summary>
/// Joins an <see cref="Endpoint"/> to its links and its timers: each call of <see cref="Poll"/> is one turn of a polling loop, and allocates nothing.
/// A game loop calls it once a tick, a simulator with its own time, a <see cref="DedicatedDriver"/> without end. It has no thread and reads no
/// clock. Not thread-safe but for <see cref="Wake"/>: the endpoint, the driver and the application belong to one thread.
/// </summary>
public sealed class EndpointDriver : IDisposable
{
    /// <summary>Larger than what is collected without a GC transition: all that a dead peer held is searched for in one long call.</summary>
    private const int ReclaimAllSize = 16 * LinkPort.BatchSize;

    private readonly Endpoint _endpoint;
    private readonly DriverOptions _options;
    private readonly TimerWheel _timers;
    private readonly ConnectionHandle[] _connections;
    private readonly Inbox _inbox;
    private readonly Outbox _outbox;
    private readonly LinkDescriptor[] _received = new LinkDescriptor[LinkPort.BatchSize];
    private readonly LinkRelease[] _reclaimed = new LinkRelease[ReclaimAllSize];
    private readonly List<LinkPort> _ports;
    private readonly Queue<LinkLost> _lost;
    private readonly Sleeper _sleeper = new();
    private DriverStatistics _statistics;
    private int _nextWait;

    /// <summary>A driver without links.</summary>
    /// <param name="endpoint">The endpoint, which from now on this driver alone calls Receive, HandleTimeout, TryTransmit and TryGetDeadline of.</param>
    /// <param name="options">Bounds; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public EndpointDriver(Endpoint endpoint, DriverOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        _endpoint = endpoint;
        _options = options ?? new DriverOptions();
        _options.Validate();
        _timers = new TimerWheel(endpoint.Config.MaxConnections, _options.TickNs);
        _connections = new ConnectionHandle[endpoint.Config.MaxConnections];
        _ports = new List<LinkPort>(_options.LinksMax);
        _inbox = new Inbox(endpoint);
        _outbox = new Outbox(endpoint, _options);
        _lost = new Queue<LinkLost>(_options.LinksMax);
    }

    /// <summary>The endpoint.</summary>
    public Endpoint Endpoint => _endpoint;

    /// <summary>Links that are attached, those of dead peers included whose frames are still read.</summary>
    public int LinkCount => _ports.Count;

    /// <summary>
    /// When to call <see cref="Poll"/> at the latest if no link has traffic; <see cref="Instant.Never"/> when no timer runs. A call at that instant
    /// always gets on, so that who sleeps until then never spins; it may be early, when a timer was moved, but not late by more than a tick.
    /// </summary>
    public Instant NextDeadline
    {
        get
        {
            ArmTimers();
            return NextTurnOfTimers;
        }
    }

    /// <summary>What was done so far.</summary>
    public ref readonly DriverStatistics Statistics => ref _statistics;

    /// <summary>The network that the driver has; null: none.</summary>
    internal UdpLink? Network { get; private set; }

    /// <summary>Shows what the driver does; null: nobody asked for that.</summary>
    internal DriverTelemetry? Telemetry { get; set; }

    /// <summary>Attaches a link, which the driver owns from then on: it disposes of it when the peer is gone, or with itself.</summary>
    /// <param name="link">A link over the memory of the endpoint's own arena.</param>
    /// <param name="remote">The node at its other end; frames for that node go out over this link. A later link to the same node takes over.</param>
    /// <exception cref="ArgumentException">The link's frames are not the endpoint's.</exception>
    /// <exception cref="InvalidOperationException">There are <see cref="DriverOptions.LinksMax"/> links already, or the endpoint has no number left for the peer's frames.</exception>
    public void AttachLink(Link link, NodeId remote)
    {
        ArgumentNullException.ThrowIfNull(link);
        _outbox.AddRoute(Attach(link, remote));
    }

    /// <summary>
    /// Attaches a network, which the driver owns from then on: frames for all nodes to which there is no link go out over it. A later network takes over.
    /// </summary>
    /// <param name="network">A network link over the memory of the endpoint's own arena.</param>
    /// <exception cref="ArgumentException">The link's frames are not the endpoint's.</exception>
    /// <exception cref="InvalidOperationException">There are <see cref="DriverOptions.LinksMax"/> links already, or the endpoint has no number left for the link's frames.</exception>
    public void AttachNetwork(UdpLink network)
    {
        ArgumentNullException.ThrowIfNull(network);
        _outbox.AddNetwork(Attach(network.Link, default));
        Network = network;
    }

    /// <summary>Takes a link whose peer is gone. Ask after each turn, as for the endpoint's events.</summary>
    public bool TryGetLinkLost(out LinkLost lost) => _lost.TryDequeue(out lost);

    /// <summary>
    /// One turn: asks the endpoint when it wants to be called, takes back frames that peers are done with, hands received frames and due timers to the endpoint, takes what
    /// it wants to send, and gives frames back to peers. The application acts on the endpoint between two turns.
    /// </summary>
    /// <param name="now">The current time.</param>
    /// <returns>Whether there was anything to do. False: nothing will be before <see cref="NextDeadline"/>, traffic, or the application's next act.</returns>
    public bool Poll(Instant now)
    {
        // First, while nothing has come in: what the last turn left behind need not delay what comes.
        ArmTimers();
        bool worked = false;
        for (int i = _ports.Count - 1; i >= 0; i--)
        {
            worked |= Serve(_ports[i], now);
        }

        worked |= FireTimers(now);
        worked |= Transmit(now);
        _statistics.Turns++;
        _statistics.TurnsWithWork += worked ? 1 : 0;
        if (Telemetry is { } telemetry)
        {
            // It shows connections that it knows by their deadlines.
            ArmTimers();
            telemetry.OnTurn(now);
        }

        return worked;
    }

    /// <summary>
    /// The second half of a turn by itself: what the application brought forth since <see cref="Poll"/> leaves now, and not behind all that the next turn does first. Acknowledgements
    /// have left before the application acts, so that peers do not wait for it; its answers need not wait either.
    /// </summary>
    /// <param name="now">The current time.</param>
    /// <returns>Whether there was anything to do: where there is more than <see cref="DriverOptions.TransmitBurst"/> allows at a time, call it again.</returns>
    public bool Transmit(Instant now)
    {
        bool worked = _outbox.Fill(now, ref _statistics);
        for (int i = 0; i < _ports.Count; i++)
        {
            worked |= _ports[i].Flush(now, ref _statistics) != 0;
        }

        for (int i = 0; i < _ports.Count; i++)
        {
            long released = _ports[i].FlushReleases();
            _statistics.HoldsReleased += released;
            worked |= released != 0;
        }

        return worked;
    }

    /// <summary>
    /// Sleeps until a link has traffic, a timer is due, <see cref="Wake"/> is called, or the time has passed. With several links it sleeps on one of them in turn: then the
    /// time bounds how late the others are noticed.
    /// </summary>
    /// <param name="now">The current time, which the sleep is counted from.</param>
    /// <param name="timeoutNs">The most nanoseconds to sleep.</param>
    public void Wait(Instant now, long timeoutNs)
    {
        Instant next = NextDeadline;
        long restNs = next == Instant.Never ? timeoutNs : Math.Min(timeoutNs, next - now);
        if (restNs <= 0)
        {
            return;
        }

        _sleeper.Sleep(NextToWaitOn(), restNs);
    }

    /// <summary>Ends the sleep that the driver's thread is in, or else its next one: for who leaves it something to do from another thread. Any thread may call it.</summary>
    public void Wake() => _sleeper.Wake();

    /// <summary>Closes all links. Peers' frames are unmapped: the endpoint must not be used any more.</summary>
    public void Dispose()
    {
        Telemetry?.Dispose();
        foreach (LinkPort port in _ports)
        {
            port.Close();
        }

        _ports.Clear();
        _sleeper.Dispose();
    }

    /// <summary>The connection that last had a deadline in this place, which every connection has from its beginning; it may be over.</summary>
    internal ConnectionHandle ConnectionAt(int index) => _connections[index];

    /// <summary><see cref="NextDeadline"/> by the timers that are armed, without asking the endpoint for more.</summary>
    private Instant NextTurnOfTimers => _timers.NextDeadline + _timers.TickNs;

    /// <summary>Asks the endpoint when it wants to be called.</summary>
    private void ArmTimers()
    {
        while (_endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            int index = deadline.Connection.Index;
            _connections[index] = deadline.Connection;
            _timers.Arm(index, deadline.Deadline);
        }
    }

    private LinkPort? NextToWaitOn()
    {
        for (int i = 0; i < _ports.Count; i++)
        {
            _nextWait = _nextWait + 1 < _ports.Count ? _nextWait + 1 : 0;
            if (!_ports[_nextWait].IsRetired)
            {
                return _ports[_nextWait];
            }
        }

        return null;
    }

    private LinkPort Attach(Link link, NodeId remote)
    {
        if (_ports.Count == _options.LinksMax)
        {
            throw new InvalidOperationException($"All {_options.LinksMax} links of the driver are in use: raise {nameof(DriverOptions)}.{nameof(DriverOptions.LinksMax)}.");
        }

        if (!IsArenaOf(link))
        {
            throw new ArgumentException("The link was made over other frames than the endpoint's: make the endpoint's arena with the link's LinkArena.CreateFrameArena.", nameof(link));
        }

        LinkPort port = new(link, remote);
        _endpoint.RegisterRegion(port.Region);
        _ports.Add(port);
        return port;
    }

    private bool Serve(LinkPort port, Instant now)
    {
        if (port.IsRetired)
        {
            bool closed = port.TryClose(_endpoint);
            if (closed)
            {
                _ports.Remove(port);
            }

            return closed;
        }

        long holds = port.Reclaim(_endpoint, _reclaimed.AsSpan(0, LinkPort.BatchSize));
        _statistics.HoldsReclaimed += holds;
        int left = _options.ReceiveBurst;
        bool worked = holds != 0;
        while (left > 0)
        {
            Span<LinkDescriptor> buffer = _received.AsSpan(0, Math.Min(left, _received.Length));
            int count = port.Receive(buffer, now, _options.PeerCheckIntervalNs);
            if (count == Link.PeerGone)
            {
                Retire(port);
                return true;
            }

            for (int i = 0; i < count; i++)
            {
                _inbox.Deliver(port, ref buffer[i], now, ref _statistics);
            }

            worked |= count != 0;
            left = count == buffer.Length ? left - count : 0;
        }

        return worked;
    }

    private bool FireTimers(Instant now)
    {
        int fired = 0;
        while (fired < _options.TimerBurst && _timers.TryExpire(now, out int index))
        {
            _endpoint.HandleTimeout(_connections[index], now);
            fired++;
        }

        _statistics.TimersFired += fired;
        return fired != 0 || NextTurnOfTimers <= now;
    }

    private void Retire(LinkPort port)
    {
        _statistics.LinksLost++;
        _statistics.HoldsReclaimed += port.Retire(_endpoint, _reclaimed);
        _outbox.RemoveRoute(port);

        // An application that never asks keeps the latest losses.
        if (_lost.Count == _options.LinksMax)
        {
            _lost.Dequeue();
        }

        _lost.Enqueue(port.Obituary);
        Telemetry?.OnLinkLost(port.Obituary);
    }

    private unsafe bool IsArenaOf(Link link)
    {
        fixed (byte* first = _endpoint.Arena.Bytes(0, 0, 1))
        {
            return (nint)first == link.Arena.Memory && _endpoint.Arena.FrameSize == link.Arena.FrameSize && _endpoint.Arena.FrameCount == link.Arena.FrameCount;
        }
    }
}
