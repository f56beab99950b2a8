using System.Net;
using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

namespace NexStream.Perf.Drivers;

/// <summary>The end that connects, opens the streams and sends as much as it may.</summary>
internal sealed class DriverSender(PerfOptions options, DriverEnd end)
{
    private readonly StreamHandle[] _streams = new StreamHandle[options.Streams];
    private readonly byte[] _data = new byte[options.FrameBytes];
    private ConnectionHandle _connection;
    private Producer? _producer;
    private int _opened;

    /// <summary>The peer went away.</summary>
    public bool IsPeerLost { get; private set; }

    /// <summary>All streams are open.</summary>
    public bool IsReady => _producer is not null;

    public void Attach(Link link)
    {
        end.Driver.AttachLink(link, DriverEnd.ReceiverNode);
        end.Endpoint.Connect(DriverEnd.ReceiverNode, MonotonicClock.Now, out _connection);
    }

    public void AttachNetwork(UdpLink link, IPEndPoint receiver)
    {
        end.Driver.AttachNetwork(link);
        end.Endpoint.Connect(link.Dial(receiver), MonotonicClock.Now, out _connection);
    }

    /// <summary>One turn: the driver's, then the application's, and what that brought forth leaves. <paramref name="frames"/>: the most that are handed over.</summary>
    public void Turn(Instant now, int frames)
    {
        end.Driver.Poll(now);
        while (end.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            IsPeerLost |= item.Kind == EventKind.ConnectionClosed;
        }

        if (_producer is null)
        {
            Open();
        }
        else if (frames > 0)
        {
            _producer.Send(frames);
            end.Driver.Transmit(now);
        }

        IsPeerLost |= end.Driver.TryGetLinkLost(out _);
    }

    /// <summary>One frame there and back, where the other end echoes.</summary>
    public void Ping()
    {
        SendPing();
        for (int got = 0; got < _data.Length && !IsPeerLost;)
        {
            Turn(MonotonicClock.Now, 0);
            got += ReadEcho();
        }
    }

    public void SendPing()
    {
        _streams[0].Send(_data);
        end.Driver.Transmit(MonotonicClock.Now);
    }

    /// <summary>Bytes that came back.</summary>
    public int ReadEcho()
    {
        ReceiveResult result = _streams[0].Receive(_data);
        return result.Status == CallStatus.Ok ? result.Bytes : 0;
    }

    public void Close() => _connection.Close(MonotonicClock.Now);

    private void Open()
    {
        if (!_connection.IsOpen)
        {
            return;
        }

        while (_opened < _streams.Length && _connection.OpenStream(options.Stream, out _streams[_opened]) == CallStatus.Ok)
        {
            _opened++;
        }

        if (_opened == _streams.Length)
        {
            _producer = new Producer(options, end.Endpoint, _streams);
        }
    }
}
