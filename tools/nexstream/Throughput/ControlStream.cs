using NexStream.Core;

namespace NexStream.Tool.Throughput;

/// <summary>The stream on which both ends of nexstream perf agree: short records of known length, in order.</summary>
internal sealed class ControlStream(StreamHandle stream)
{
    private readonly byte[] _record = new byte[Math.Max(ThroughputRequest.Size, ThroughputTotals.Size)];
    private ReadOnlyMemory<byte> _unsent;
    private int _got;

    /// <summary>Whether the stream took all that was to be said.</summary>
    public bool IsFlushed => _unsent.IsEmpty;

    /// <summary>Says something. What the stream does not take now, because data has all the memory for sending, <see cref="Flush"/> hands over.</summary>
    public void Send(byte[] record)
    {
        _unsent = record;
        Flush();
    }

    /// <summary>Hands over what the stream did not take before. Returns whether it took anything.</summary>
    public bool Flush()
    {
        int taken = IsFlushed ? 0 : stream.Send(_unsent.Span).Bytes;
        _unsent = _unsent[taken..];
        return taken > 0;
    }

    /// <summary>Reads a record. Null: not all of it has come.</summary>
    public byte[]? TryRead(int length)
    {
        if (stream.Receive(_record.AsSpan(_got, length - _got)) is { Status: CallStatus.Ok } result)
        {
            _got += result.Bytes;
        }

        if (_got < length)
        {
            return null;
        }

        _got = 0;
        return _record[..length];
    }
}
