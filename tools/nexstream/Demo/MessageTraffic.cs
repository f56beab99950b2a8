using System.Collections;
using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Tool.Demo;

/// <summary>Numbered, checksummed messages over one of the message modes.</summary>
internal sealed class MessageTraffic : ITraffic
{
    /// <summary>What fire-and-forget may have waiting: below the stream's own bound, which would drop the oldest.</summary>
    private const long BacklogMax = 32 * 1024;

    private readonly string _work;
    private readonly int _count;
    private readonly ulong _seed;
    private readonly Func<double>? _pace;
    private readonly double? _probability;
    private readonly int _firstCounted;
    private readonly byte[] _message;
    private readonly byte[] _buffer;
    private readonly BitArray _seen;
    private readonly LatencyMeter _latency = new();
    private StreamHandle _sender;
    private StreamHandle _receiver;
    private StreamStatistics _statistics;
    private CallStatus _end;
    private bool _isFinishing;
    private int _sent;
    private int _delivered;
    private int _deliveredCounted;
    private int _duplicated;
    private int _corrupted;
    private long _bytes;

    /// <summary>Work for a message mode.</summary>
    /// <param name="mode">RU, BE or PR.</param>
    /// <param name="work">What it is, for people.</param>
    /// <param name="count">Messages.</param>
    /// <param name="size">Bytes in a message, at least <see cref="DemoMessage.HeaderSize"/>.</param>
    /// <param name="seed">What their contents are made of.</param>
    /// <param name="pace">The share that may have been sent by now; null: as fast as the stream takes them.</param>
    /// <param name="probability">The share that is to be delivered; null: none was asked for.</param>
    /// <param name="firstCounted">The message from which on that share counts.</param>
    public MessageTraffic(
        TransportMode mode, string work, int count, int size, ulong seed, Func<double>? pace = null, double? probability = null, int firstCounted = 0)
    {
        _probability = probability;
        _firstCounted = firstCounted;
        Mode = mode;
        _work = work;
        _count = count;
        _seed = seed;
        _pace = pace;
        _message = new byte[size];
        _buffer = new byte[size];
        _seen = new BitArray(count);
    }

    public TransportMode Mode { get; }

    public double Progress => _count == 0 ? 1 : (double)(IsReliable ? _delivered : _sent) / _count;

    public bool IsFinished => _end != CallStatus.Ok;

    private bool IsReliable => Mode == TransportMode.ReliableUnordered;

    private string Name => Mode switch { TransportMode.ReliableUnordered => "RU", TransportMode.BestEffort => "BE", _ => "PR" };

    public void OnOpened(StreamHandle stream) => _sender = stream;

    public void OnAccepted(StreamHandle stream) => _receiver = stream;

    public bool Send(Instant now)
    {
        StreamStatistics statistics = _sender.Statistics;
        if (statistics.Mode == Mode)
        {
            _statistics = statistics;
        }

        int allowed = _pace is null ? _count : (int)Math.Min(_count, Math.Ceiling(_count * _pace()));
        bool worked = false;
        while (_sent < allowed && (IsReliable || _sender.Statistics.SendBuffered < BacklogMax))
        {
            DemoMessage.Write(_message, _sent, _seed, now);
            if (_sender.Send(_message).Status != CallStatus.Ok)
            {
                return worked;
            }

            _latency.OnSend(now);
            _sent++;
            worked = true;
        }

        if (_sent == _count && !_isFinishing)
        {
            _isFinishing = true;
            _sender.Finish();
        }

        return worked;
    }

    public bool Receive(Instant now)
    {
        bool worked = false;
        while (!IsFinished)
        {
            ReceiveResult result = _receiver.Receive(_buffer);
            if (result.Status != CallStatus.Ok)
            {
                _end = result.Status == CallStatus.WouldBlock || _receiver == default ? CallStatus.Ok : result.Status;
                return worked;
            }

            worked = true;
            Count(_buffer.AsSpan(0, result.Bytes), now);
        }

        return worked;
    }

    public ModeResult Result() => new()
    {
        Mode = Name,
        Work = $"{_work} of {_message.Length} B",
        Sent = _sent,
        Delivered = _delivered,
        Lost = _sent - _delivered,
        Duplicated = _duplicated,
        Corrupted = _corrupted,
        Retransmitted = _statistics.Retransmissions,
        PacketsLost = _statistics.PacketsLost,
        Bytes = _bytes,
        Probability = _probability,
        Reached = _probability is null || _sent <= _firstCounted ? null : _deliveredCounted / (double)(_sent - _firstCounted),
        Overhead = _statistics.Delivery is { } delivery && _probability is not null ? delivery.RepairsSent / Math.Max(1.0, _statistics.Sent) : null,
        LeftOut = _statistics.Delivery is { } sending && _probability is not null ? sending.Thinned / Math.Max(1.0, _sent) : null,
        GoodputMbps = _latency.GoodputMbps(_bytes),
        P50Us = _latency.PercentileUs(50),
        P99Us = _latency.PercentileUs(99),
    };

    public IEnumerable<string> Failures()
    {
        if (_end != CallStatus.EndOfStream)
        {
            yield return $"{Name}: the stream did not end as it should ({_end}); {_sent} of {_count} messages were sent.";
        }

        if (IsReliable && _delivered != _count)
        {
            yield return $"{Name}: {_delivered} of {_count} messages arrived.";
        }

        // No mode delivers a message twice or changes it: packet numbers are checked in all of them.
        if (_duplicated != 0)
        {
            yield return $"{Name}: {_duplicated} messages arrived twice.";
        }

        if (_corrupted != 0)
        {
            yield return $"{Name}: {_corrupted} messages are not as they were sent.";
        }
    }

    private void Count(ReadOnlySpan<byte> message, Instant now)
    {
        if (message.Length != _message.Length || !DemoMessage.TryRead(message, out int sequence, out Instant sent) || (uint)sequence >= (uint)_count)
        {
            _corrupted++;
        }
        else if (_seen[sequence])
        {
            _duplicated++;
        }
        else
        {
            _seen[sequence] = true;
            _delivered++;
            _deliveredCounted += sequence >= _firstCounted ? 1 : 0;
            _bytes += message.Length;
            _latency.OnDelivery(sent, now);
        }
    }
}
