namespace NexStream.Core.State;

/// <summary>
/// Streams whose send found no memory while they had nothing on its way: no acknowledgement of their own will tell them that there is
/// room again. A short queue; when it is full the stream is told at once, and asks again.
/// </summary>
internal sealed class StarvedStreams(EndpointState state)
{
    private const int Capacity = 256;

    private readonly (int Index, uint Generation)[] _queue = new (int, uint)[Capacity];
    private int _head;
    private int _count;

    /// <summary>A send of this stream was refused: remembers it if nothing else would wake it.</summary>
    public void AddIfIdle(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Send.Buffered > 0)
        {
            return;
        }

        if (_count == Capacity)
        {
            Tell(index);
            return;
        }

        _queue[(_head + _count++) % Capacity] = (index, stream.Generation);
    }

    /// <summary>Memory may have come free: wakes all that wait, if there is some for them.</summary>
    public void Wake()
    {
        if (_count > 0)
        {
            WakeWaiting();
        }
    }

    private void WakeWaiting()
    {
        while (_count > 0 && state.Frames.Arena.FreeCount > state.Frames.Arena.FrameCount / 4 && state.Messages.FreeCount > 0)
        {
            (int index, uint generation) = _queue[_head];
            _head = (_head + 1) % Capacity;
            _count--;
            if (state.Streams[index].Generation == generation)
            {
                Tell(index);
            }
        }
    }

    private void Tell(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.WantsWritable) && !stream.Has(StreamFlags.Dead))
        {
            stream.Clear(StreamFlags.WantsWritable);
            state.Events.Raise(index, StreamEvents.Writable);
        }
    }
}
