using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;
using NexStream.Tool.Transfer;

namespace NexStream.Tool.Throughput;

/// <summary>nexstream perf --server: takes part in what clients ask for, over UDP several at a time, over shared memory one after the other.</summary>
internal sealed class ThroughputServer : IDisposable
{
    private const int AcceptMs = 5;

    private readonly LinkListener? _listener;
    private readonly LinkLibrary? _library;
    private readonly Dictionary<ConnectionHandle, ThroughputSession> _sessions = [];
    private readonly Action<ThroughputInterval> _tell;
    private readonly Action<ThroughputResult> _report;
    private TransferNode? _node;
    private TransferNode? _spare;
    private DriverTelemetry? _telemetry;
    private int _served;

    /// <summary>Listens.</summary>
    /// <param name="address">Where.</param>
    /// <param name="tell">Called for each second of a measurement.</param>
    /// <param name="report">Called at the end of each.</param>
    /// <exception cref="LinkException">The host is not known, the port or name is taken, or there is no native library, which shm needs.</exception>
    public ThroughputServer(LinkAddress address, Action<ThroughputInterval> tell, Action<ThroughputResult> report)
    {
        _tell = tell;
        _report = report;
        if (address.Name is { } name)
        {
            _library = LinkLibrary.Load(LinkPreference.Native);
            _listener = _library.Listen(name);
            Address = address.Text;
        }
        else
        {
            Use(TransferNode.ForNetwork(isReceiver: true, address.ToLocal(), out UdpLink link), $"perf server udp:{link.LocalEndPoint}");
            Address = $"udp:{link.LocalEndPoint}";
        }
    }

    /// <summary>Where clients find it.</summary>
    public string Address { get; }

    /// <summary>Serves until it is told to stop or, with <paramref name="once"/>, until the first measurement is over.</summary>
    public void Run(bool once, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && !(once && _served > 0 && _sessions.Count == 0))
        {
            if (_node is null && !TryAccept())
            {
                stop.WaitHandle.WaitOne(AcceptMs);
                continue;
            }

            Instant now = MonotonicClock.Now;
            bool worked = _node!.Driver.Poll(now) | TakeEvents(now);
            foreach (ThroughputSession session in _sessions.Values)
            {
                worked |= session.Turn(now);
            }

            _node.Rest(worked, now);
            if (_listener is not null && _node.Driver.TryGetLinkLost(out _))
            {
                foreach (ConnectionHandle connection in _sessions.Keys.ToArray())
                {
                    End(connection, ReasonCode.PeerUnresponsive);
                }

                Leave();
            }
        }
    }

    public void Dispose()
    {
        Leave();
        _spare?.Dispose();
        _listener?.Dispose();
    }

    private void Use(TransferNode node, string name)
    {
        _node = node;
        _telemetry = DriverTelemetry.Attach(node.Driver, name);
    }

    private void Leave()
    {
        _telemetry?.Dispose();
        _node?.Dispose();
        _telemetry = null;
        _node = null;
    }

    private bool TryAccept()
    {
        _spare ??= TransferNode.ForSharedMemory(_library!, isReceiver: true);
        if (_listener!.Accept(_spare.Memory, TransferNode.RingCapacity) is not { } link)
        {
            return false;
        }

        _spare.Attach(link);
        Use(_spare, $"perf server {Address}");
        _spare = null;
        return true;
    }

    private bool TakeEvents(Instant now)
    {
        bool worked = false;
        while (_node!.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            worked = true;
            switch (item.Kind)
            {
                case EventKind.ConnectionAccepted:
                    _sessions.Add(item.Connection, new ThroughputSession(Address, item.Connection, _tell));
                    break;
                case EventKind.StreamOpened:
                    _sessions.GetValueOrDefault(item.Connection)?.Add(item.Stream);
                    break;
                case EventKind.ConnectionClosing:
                    item.Connection.Close(now);
                    break;
                case EventKind.ConnectionClosed:
                    End(item.Connection, item.Reason);
                    break;
                default:
                    break;
            }
        }

        return worked;
    }

    private void End(ConnectionHandle connection, ReasonCode reason)
    {
        if (_sessions.Remove(connection, out ThroughputSession? session))
        {
            session.OnClosed(reason);
            if (session.Result is { } result)
            {
                _served++;
                _report(result);
            }
        }
    }
}
