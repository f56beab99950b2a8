using NexStream.Core;

namespace NexStream.Perf;

/// <summary>Hands frames over to streams in turn.</summary>
internal sealed class Producer(PerfOptions options, StreamHandle[] streams)
{
    private readonly byte[] _data = new byte[options.FrameBytes];
    private readonly ulong[] _sent = new ulong[streams.Length];
    private int _next;

    /// <summary>Sends up to so many frames. Returns how many were taken.</summary>
    public int Send(int frames)
    {
        for (int i = 0; i < frames; i++)
        {
            ref ulong sent = ref _sent[_next];
            if (options.Touch)
            {
                Pattern.Write(_data, sent);
            }

            if (streams[_next].Send(_data) is not { Status: CallStatus.Ok, Bytes: var taken })
            {
                return i;
            }

            sent += (uint)taken;
            _next = _next + 1 == streams.Length ? 0 : _next + 1;
        }

        return frames;
    }
}
