using NexStream.Core;

namespace NexStream.Tool.Throughput;

/// <summary>The stream on which both ends of nexstream perf agree: short records of known length, in order.</summary>
internal sealed class ControlStream(StreamHandle stream)
{
    private readonly byte[] _record = new byte[Math.Max(ThroughputRequest.Size, ThroughputTotals.Size)];
    private int _got;

    /// <summary>Says something. The stream's buffer has room for all that is ever said.</summary>
    public void Send(byte[] record) => stream.Send(record);

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
