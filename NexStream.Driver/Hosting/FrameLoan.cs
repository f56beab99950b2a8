using System.Buffers;
using NexStream.Core.Buffers;

namespace NexStream.Driver.Hosting;

/// <summary>
/// Frames that the application holds: one that it writes, or those of what it received. Pooled. Its version says whether a lease is still the one that it was
/// made for: a lease is a value, and may be kept and disposed of twice.
/// </summary>
internal sealed class FrameLoan(NexStreamHost host)
{
    private PayloadSlice[] _slices = new PayloadSlice[1];
    private FrameSegment?[] _segments = new FrameSegment?[1];
    private int _count;
    private int _version;

    public NexStreamHost Host => host;

    /// <summary>The connection whose memory it is.</summary>
    public ConnectionRecord? Connection { get; private set; }

    public int Version => Volatile.Read(ref _version);

    public ReadOnlySpan<PayloadSlice> Slices => _slices.AsSpan(0, _count);

    /// <summary>Called on the driver's thread, with slices that the endpoint has just handed out.</summary>
    public void Set(ConnectionRecord connection, ReadOnlySpan<PayloadSlice> slices)
    {
        Connection = connection;
        if (_slices.Length < slices.Length)
        {
            _slices = new PayloadSlice[slices.Length];
            Array.Resize(ref _segments, slices.Length);
        }

        slices.CopyTo(_slices);
        _count = slices.Length;
        FrameSegment? previous = null;
        for (int i = 0; i < slices.Length; i++)
        {
            FrameSegment segment = _segments[i] ??= new FrameSegment();
            segment.Set(host.BytesOf(slices[i]), previous);
            previous = segment;
        }
    }

    /// <summary>Nothing is lent any more: who kept the memory finds it empty.</summary>
    public void Clear()
    {
        for (int i = 0; i < _count; i++)
        {
            _segments[i]!.Bytes.Clear();
        }

        _count = 0;
        Connection = null;
    }

    public Memory<byte> Memory(int version)
    {
        ThrowIfOver(version);
        return _segments[0]!.Bytes.Memory;
    }

    public ReadOnlySequence<byte> Sequence(int version)
    {
        ThrowIfOver(version);
        FrameSegment last = _segments[_count - 1]!;
        return new ReadOnlySequence<byte>(_segments[0]!, 0, last, last.Memory.Length);
    }

    public void ThrowIfOver(int version) => ObjectDisposedException.ThrowIf(version != Version, this);

    /// <summary>Ends all leases that were made of it. False: that has been done.</summary>
    public bool TryEnd(int version) => Interlocked.CompareExchange(ref _version, unchecked(version + 1), version) == version;
}
