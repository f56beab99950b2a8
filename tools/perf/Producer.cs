using NexStream.Core;
using NexStream.Core.Buffers;

namespace NexStream.Perf;

/// <summary>Hands frames over to streams in turn.</summary>
internal sealed class Producer(PerfOptions options, Endpoint endpoint, StreamHandle[] streams)
{
    private readonly LineBuffer _data = new(options.BytesPerCall);
    private readonly int _bytesPerCall = options.BytesPerCall;
    private readonly int _framesPerCall = options.BytesPerCall / options.FrameBytes;
    private readonly ulong[] _sent = new ulong[streams.Length];
    private int _next;

    /// <summary>Sends up to so many frames. Returns how many were taken.</summary>
    public int Send(int frames)
    {
        bool isLeased = options.ZeroCopy;
        bool isTouched = options.Touch;
        ReadOnlySpan<byte> data = _data.Span;
        for (int i = 0; i < frames; i += _framesPerCall)
        {
            int next = _next;
            if (isTouched && !isLeased)
            {
                Pattern.Write(_data.Span, _sent[next]);
            }

            int taken = isLeased ? SendLease() : streams[next].Send(data).Bytes;
            if (taken == 0)
            {
                return i;
            }

            _sent[next] += (uint)taken;
            _next = next + 1 == streams.Length ? 0 : next + 1;
        }

        return frames;
    }

    private int SendLease()
    {
        if (streams[_next].TryLease(out PayloadSlice lease) != CallStatus.Ok)
        {
            return 0;
        }

        PayloadSlice slice = lease.WithLength(_bytesPerCall);
        if (options.Touch)
        {
            Pattern.Write(endpoint.Bytes(slice), _sent[_next]);
        }

        SendResult result = streams[_next].SendZeroCopy(new ReadOnlySpan<PayloadSlice>(in slice));
        if (result.Status != CallStatus.Ok)
        {
            endpoint.Return(new ReadOnlySpan<PayloadSlice>(in lease));
        }

        return result.Bytes;
    }
}
