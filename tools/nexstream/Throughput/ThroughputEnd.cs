using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Tool.Throughput;

/// <summary>
/// One end of a measurement. The sending one fills its streams for the time that was asked for, ends them, and says what it has sent; the other reads, and answers with what
/// it has read when nothing more comes.
/// </summary>
internal sealed class ThroughputEnd
{
    /// <summary>Calls on one stream before the next has its turn.</summary>
    private const int CallsInARow = 64;

    /// <summary>How long to wait for what is still under way in the modes that may lose it: longer than any queue.</summary>
    private const long GraceNs = Instant.Second / 2;

    private readonly ThroughputRequest _request;
    private readonly ConnectionHandle _connection;
    private readonly ControlStream _control;
    private readonly bool _isSender;
    private readonly byte[] _data;
    private readonly List<StreamHandle> _streams = [];
    private readonly HashSet<StreamHandle> _ended = [];
    private Instant _first = Instant.Never;
    private Instant _last;
    private Instant _peerEndedAt = Instant.Never;
    private Instant _sendUntil = Instant.Never;
    private long _bytes;
    private long _messages;
    private bool _hasReported;

    public ThroughputEnd(ThroughputRequest request, ConnectionHandle connection, ControlStream control, bool isSender)
    {
        _request = request;
        _connection = connection;
        _control = control;
        _isSender = isSender;
        _data = new byte[isSender ? request.Bytes : ThroughputRequest.BytesMax];
    }

    /// <summary>What this end has done so far.</summary>
    public ThroughputTotals Totals
    {
        get
        {
            ConnectionStatistics statistics = _connection.Statistics;
            return new ThroughputTotals(_bytes, _messages, _first == Instant.Never ? 0 : _last - _first, (long)statistics.Path.PacketsLost, (long)statistics.Retransmissions);
        }
    }

    /// <summary>What the other end says that it has done; null: it has not said it.</summary>
    public ThroughputTotals? Peer { get; private set; }

    /// <summary>What went wrong; null: nothing.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether everything was said.</summary>
    public bool IsDone => _hasReported && _control.IsFlushed && Peer is not null;

    /// <summary>A stream that carries data.</summary>
    public void Add(StreamHandle stream) => _streams.Add(stream);

    /// <summary>Sends or reads. Returns whether there was anything to do.</summary>
    public bool Turn(Instant now)
    {
        bool worked = _control.Flush();
        if (Peer is null && _control.TryRead(ThroughputTotals.Size) is { } totals)
        {
            Peer = ThroughputTotals.Read(totals);
            _peerEndedAt = now;
            worked = true;
        }

        if (_hasReported || Problem is not null)
        {
            return worked;
        }

        worked |= _isSender ? Send(now) : Read(now);
        if (_isSender ? now >= _sendUntil : HasAll(now))
        {
            if (_isSender)
            {
                _streams.ForEach(stream => stream.Finish());
            }

            _control.Send(Totals.ToBytes());
            _hasReported = true;
            worked = true;
        }

        return worked;
    }

    private bool HasAll(Instant now) => Peer is not null
        && (_ended.Count == _request.Streams || (_request.Mode is TransportMode.BestEffort or TransportMode.Probabilistic && now - _peerEndedAt > GraceNs));

    private bool Send(Instant now)
    {
        if (_streams.Count < _request.Streams)
        {
            return false;
        }

        if (_first == Instant.Never)
        {
            _first = now;
            _sendUntil = now + (_request.DurationMs * Instant.Millisecond);
        }

        if (now >= _sendUntil)
        {
            return false;
        }

        long before = _bytes;
        foreach (StreamHandle stream in _streams)
        {
            for (int i = 0; i < CallsInARow; i++)
            {
                SendResult result = stream.Send(_data);
                if (result.Status is not (CallStatus.Ok or CallStatus.WouldBlock))
                {
                    Problem = result.Status == CallStatus.MessageTooLong
                        ? $"A message of {_request.Bytes} bytes is longer than a packet of this path (be, pr) or the memory of either end (ru) allows: choose a smaller --size."
                        : $"A stream cannot send any more ({result.Status}).";
                    return false;
                }

                if (result.Bytes == 0)
                {
                    break;
                }

                _bytes += result.Bytes;
                _messages++;
            }
        }

        _last = now;
        return _bytes != before;
    }

    private bool Read(Instant now)
    {
        long before = _bytes;
        foreach (StreamHandle stream in _streams)
        {
            for (int i = 0; i < CallsInARow; i++)
            {
                ReceiveResult result = stream.Receive(_data);
                if (result.Status == CallStatus.EndOfStream || result.Status == CallStatus.Closed)
                {
                    _ended.Add(stream);
                }

                if (result.Status != CallStatus.Ok)
                {
                    break;
                }

                _first = Instant.Min(_first, now);
                _last = now;
                _bytes += result.Bytes;
                _messages++;
            }
        }

        return _bytes != before;
    }
}
