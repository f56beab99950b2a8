using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Demo;

/// <summary>A file over Reliable-Ordered, in blocks that are sent and timed one by one, hashed at both ends.</summary>
internal sealed class FileTraffic : ITraffic, IDisposable
{
    public const int BlockSize = 64 * 1024;

    private readonly ContentSource _source;
    private readonly IncrementalHash _sentHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _receivedHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _block = new byte[BlockSize];
    private readonly byte[] _buffer = new byte[BlockSize];
    private readonly Queue<Instant> _sendTimes = new();
    private readonly LatencyMeter _latency = new();
    private StreamHandle _sender;
    private StreamHandle _receiver;
    private int _blockStart;
    private int _blockEnd;
    private long _blocksSent;
    private long _received;
    private CallStatus _end;
    private bool _isSent;
    private long _retransmitted;
    private long _packetsLost;
    private string? _sha256Sent;
    private string? _sha256Received;

    public FileTraffic(ContentSource source) => _source = source;

    public TransportMode Mode => TransportMode.ReliableOrdered;

    public double Progress => _source.Length == 0 ? (IsFinished ? 1 : 0) : (double)_received / _source.Length;

    public bool IsFinished => _end != CallStatus.Ok;

    /// <summary>Hexadecimal; of what was sent so far.</summary>
    public string Sha256Sent => _sha256Sent ??= Convert.ToHexStringLower(_sentHash.GetHashAndReset());

    /// <summary>Hexadecimal; of what arrived so far.</summary>
    public string Sha256Received => _sha256Received ??= Convert.ToHexStringLower(_receivedHash.GetHashAndReset());

    public void OnOpened(StreamHandle stream) => _sender = stream;

    public void OnAccepted(StreamHandle stream) => _receiver = stream;

    public bool Send(Instant now)
    {
        bool worked = false;
        while (!_isSent)
        {
            if (_blockStart == _blockEnd && !TryNextBlock(now))
            {
                _isSent = true;
                _sender.Finish();
                return true;
            }

            SendResult result = _sender.Send(_block.AsSpan(_blockStart, _blockEnd - _blockStart));
            _blockStart += result.Bytes;
            worked |= result.Bytes != 0;
            if (_blockStart < _blockEnd)
            {
                Note();
                return worked;
            }
        }

        Note();
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
            _receivedHash.AppendData(_buffer, 0, result.Bytes);
            long blocks = BlocksIn(_received);
            _received += result.Bytes;
            for (long arrived = BlocksIn(_received) - blocks; arrived > 0; arrived--)
            {
                _latency.OnDelivery(_sendTimes.Dequeue(), now);
            }
        }

        return worked;
    }

    public ModeResult Result() => new()
    {
        Mode = "RO",
        Work = "file in 64 KiB blocks",
        Sent = _blocksSent,
        Delivered = BlocksIn(_received),
        Lost = _blocksSent - BlocksIn(_received),
        Duplicated = 0,
        Corrupted = 0,
        Retransmitted = _retransmitted,
        PacketsLost = _packetsLost,
        Bytes = _received,
        GoodputMbps = _latency.GoodputMbps(_received),
        P50Us = _latency.PercentileUs(50),
        P99Us = _latency.PercentileUs(99),
    };

    public IEnumerable<string> Failures()
    {
        if (_end != CallStatus.EndOfStream || _received != _source.Length)
        {
            yield return $"RO: {_received} of {_source.Length} bytes arrived, and the stream ended with {_end}.";
        }

        if (Sha256Sent != Sha256Received)
        {
            yield return "RO: the SHA-256 of what arrived is not that of what was sent.";
        }
    }

    public void Dispose()
    {
        _source.Dispose();
        _sentHash.Dispose();
        _receivedHash.Dispose();
    }

    /// <summary>Whole blocks; the last one is whole when the file is.</summary>
    private long BlocksIn(long bytes) => bytes == _source.Length ? (bytes + BlockSize - 1) / BlockSize : bytes / BlockSize;

    private bool TryNextBlock(Instant now)
    {
        _blockStart = 0;
        _blockEnd = _source.Read(_block);
        if (_blockEnd == 0)
        {
            return false;
        }

        _sentHash.AppendData(_block, 0, _blockEnd);
        _sendTimes.Enqueue(now);
        _latency.OnSend(now);
        _blocksSent++;
        return true;
    }

    /// <summary>The counts go with the stream: they are kept while it lives.</summary>
    private void Note()
    {
        Core.Stats.StreamStatistics statistics = _sender.Statistics;
        _retransmitted = Math.Max(_retransmitted, statistics.Retransmissions);
        _packetsLost = Math.Max(_packetsLost, statistics.PacketsLost);
    }
}
