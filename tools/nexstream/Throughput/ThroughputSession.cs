using NexStream.Core;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Throughput;

/// <summary>A client, as the server of nexstream perf sees it: first the control stream with the request, then the streams that carry data.</summary>
internal sealed class ThroughputSession(string link, ConnectionHandle connection, Action<ThroughputInterval> tell)
{
    private readonly List<StreamHandle> _early = [];
    private readonly IntervalMeter _meter = new(connection, tell);
    private ControlStream? _control;
    private ThroughputRequest? _request;
    private ThroughputEnd? _end;
    private ThroughputTotals _own;

    /// <summary>What was measured; null: it is not over.</summary>
    public ThroughputResult? Result { get; private set; }

    public ConnectionHandle Connection => connection;

    /// <summary>The client opened a stream. The first one that it opened has the lowest id, and is the control stream.</summary>
    public void Add(StreamHandle stream)
    {
        if (_end is not null)
        {
            _end.Add(stream);
        }
        else
        {
            _early.Add(stream);
        }
    }

    /// <summary>Takes part. Returns whether there was anything to do.</summary>
    public bool Turn(Instant now)
    {
        if (Result is not null)
        {
            return false;
        }

        if (_end is null && !TryBegin(now))
        {
            return false;
        }

        bool worked = _end!.Turn(now);
        _own = _end.Totals;
        _meter.OnTurn(_own, now, _end.IsDone);
        if (_end.IsDone || _end.Problem is not null)
        {
            Finish(_end.Problem);
            if (_end.Problem is not null)
            {
                connection.Abort(now);
            }
        }

        return worked;
    }

    /// <summary>The connection ended.</summary>
    public void OnClosed(ReasonCode reason)
    {
        if (Result is null && _request is not null)
        {
            Finish($"The client ended the connection ({reason}) before the measurement was over.");
        }
    }

    private bool TryBegin(Instant now)
    {
        const uint FirstStream = 1;
        int index = _early.FindIndex(stream => stream.Id == FirstStream);
        if (_control is null && index >= 0)
        {
            _control = new ControlStream(_early[index]);
            _early.RemoveAt(index);
        }

        if (_control?.TryRead(ThroughputRequest.Size) is not { } bytes)
        {
            return false;
        }

        _request = ThroughputRequest.Read(bytes);
        if (_request is null)
        {
            // Somebody who speaks of something else.
            connection.Abort(now, ReasonCode.ProtocolViolation);
            _control = null;
            return false;
        }

        _end = new ThroughputEnd(_request, connection, _control, isSender: _request.IsReverse);
        _early.ForEach(_end.Add);
        _early.Clear();
        return true;
    }

    private void Finish(string? error)
    {
        ThroughputTotals peer = _end?.Peer ?? default;
        bool isSender = _request!.IsReverse;
        Result = ThroughputResult.From(link, "server", _request, isSender ? _own : peer, isSender ? peer : _own, _meter, error);
    }
}
