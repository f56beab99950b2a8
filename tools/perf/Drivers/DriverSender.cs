using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

namespace NexStream.Perf.Drivers;

/// <summary>The end that connects, opens the streams and sends as much as it may.</summary>
internal sealed class DriverSender(PerfOptions options, DriverEnd end)
{
    private readonly StreamHandle[] _streams = new StreamHandle[options.Streams];
    private ConnectionHandle _connection;
    private Producer? _producer;
    private int _opened;

    public Endpoint Endpoint => end.Endpoint;

    /// <summary>The peer went away.</summary>
    public bool IsPeerLost { get; private set; }

    /// <summary>All streams are open.</summary>
    public bool IsReady => _producer is not null;

    public StreamHandle First => _streams[0];

    public void Attach(Link link)
    {
        end.Driver.AttachLink(link, DriverEnd.ReceiverNode);
        end.Endpoint.Connect(DriverEnd.ReceiverNode, MonotonicClock.Now, out _connection);
    }

    /// <summary>One turn: the driver's, then the application's. <paramref name="frames"/>: the most that are handed over.</summary>
    public void Turn(Instant now, int frames)
    {
        end.Driver.Poll(now);
        while (end.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            IsPeerLost |= item.Kind == EventKind.ConnectionClosed;
        }

        if (_producer is not null)
        {
            _producer.Send(frames);
        }
        else if (_connection.IsOpen)
        {
            Open();
        }

        IsPeerLost |= end.Driver.TryGetLinkLost(out _);
    }

    public void Close() => _connection.Close(MonotonicClock.Now);

    private void Open()
    {
        while (_opened < _streams.Length && _connection.OpenStream(new StreamConfig(options.Mode), out _streams[_opened]) == CallStatus.Ok)
        {
            _opened++;
        }

        if (_opened == _streams.Length)
        {
            _producer = new Producer(options, _streams);
        }
    }
}
