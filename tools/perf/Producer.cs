using NexStream.Core;
using NexStream.Core.Buffers;

namespace NexStream.Perf;

/// <summary>Hands frames over to streams in turn.</summary>
internal sealed class Producer(PerfOptions options, Endpoint endpoint, StreamHandle[] streams)
{
    private readonly LineBuffer _data = new(options.BytesPerCall);
    private readonly ulong[] _sent = new ulong[streams.Length];
    private int _next;

    /// <summary>Sends up to so many frames. Returns how many were taken.</summary>
    public int Send(int frames)
    {
        int framesPerCall = options.BytesPerCall / options.FrameBytes;
        for (int i = 0; i < frames; i += framesPerCall)
        {
            int taken = options.ZeroCopy ? SendLease() : SendCopy();
            if (taken == 0)
            {
                return i;
            }

            _sent[_next] += (uint)taken;
            _next = _next + 1 == streams.Length ? 0 : _next + 1;
        }

        return frames;
    }

    private int SendCopy()
    {
        if (options.Touch)
        {
            Pattern.Write(_data.Span, _sent[_next]);
        }

        return streams[_next].Send(_data.Span).Bytes;
    }

    private int SendLease()
    {
        if (streams[_next].TryLease(out PayloadSlice lease) != CallStatus.Ok)
        {
            return 0;
        }

        PayloadSlice slice = lease.WithLength(options.FrameBytes);
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
