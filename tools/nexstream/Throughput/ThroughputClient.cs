using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;
using NexStream.Tool.Transfer;

namespace NexStream.Tool.Throughput;

/// <summary>nexstream perf --client: asks a server for a measurement, and takes part in it.</summary>
internal sealed class ThroughputClient : IDisposable
{
    private readonly LinkAddress _to;
    private readonly TransferNode _node;
    private readonly DriverTelemetry _telemetry;
    private bool _isClosed;
    private ReasonCode _reason;

    /// <summary>Joins the process that listens at an address.</summary>
    /// <exception cref="LinkException">Nobody listens there, the host is not known, or there is no native library, which shm needs.</exception>
    public ThroughputClient(LinkAddress to)
    {
        _to = to;
        _node = TransferNode.To(to, out _);
        _telemetry = DriverTelemetry.Attach(_node.Driver, $"perf client {to.Text}");
    }

    /// <summary>Measures.</summary>
    /// <param name="request">What.</param>
    /// <param name="tell">Called for each second.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="LinkException">Nobody answered.</exception>
    public ThroughputResult Run(ThroughputRequest request, Action<ThroughputInterval> tell, CancellationToken stop)
    {
        ConnectionHandle connection = _node.Connect(MonotonicClock.Now);
        while (!connection.IsOpen && !_isClosed && !stop.IsCancellationRequested)
        {
            Turn(() => false);
        }

        if (_isClosed)
        {
            throw new LinkException($"Nobody took the call at {_to.Text} ({_reason}): start nexstream perf --server there first, and look whether it gets through.");
        }

        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle first);
        ControlStream control = new(first);
        control.Send(request.ToBytes());
        ThroughputEnd end = new(request, connection, control, isSender: !request.IsReverse);
        for (int i = 0; i < request.Streams; i++)
        {
            connection.OpenStream(new StreamConfig(request.Mode), out StreamHandle stream);
            end.Add(stream);
        }

        IntervalMeter meter = new(connection, tell);
        ThroughputTotals own = default;
        while (!end.IsDone && !_isClosed && end.Problem is null && !stop.IsCancellationRequested)
        {
            Instant now = Turn(() => end.Turn(MonotonicClock.Now));
            own = _isClosed ? own : end.Totals;
            meter.OnTurn(own, now, end.IsDone);
        }

        string? error = end.Problem
            ?? (end.IsDone ? null : stop.IsCancellationRequested ? "It was interrupted." : $"The server ended the connection ({_reason}): look at what it says.");
        Leave(connection);
        ThroughputTotals peer = end.Peer ?? default;
        return ThroughputResult.From(_to.Text, "client", request, request.IsReverse ? peer : own, request.IsReverse ? own : peer, meter, error);
    }

    public void Dispose()
    {
        _telemetry.Dispose();
        _node.Dispose();
    }

    private Instant Turn(Func<bool> work)
    {
        Instant now = MonotonicClock.Now;
        bool worked = _node.Driver.Poll(now);
        while (_node.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            worked = true;
            if (item.Kind == EventKind.ConnectionClosed)
            {
                _isClosed = true;
                _reason = item.Reason;
            }
        }

        _isClosed |= _node.Driver.TryGetLinkLost(out _);
        worked |= work();
        _node.Rest(worked, now);
        return now;
    }

    private void Leave(ConnectionHandle connection)
    {
        Instant now = MonotonicClock.Now;
        connection.Close(now);
        for (Instant end = now + Instant.Second; !_isClosed && now < end;)
        {
            now = Turn(() => false);
        }
    }
}
