using System.Runtime.CompilerServices;

namespace NexStream.Core.State;

/// <summary>
/// Streams whose send found no memory while they had nothing on its way, or are of a mode whose messages are not kept until they are acknowledged: no
/// acknowledgement of their own will tell them that there is room again. A short queue, in which each stands once; when it was full, all streams are
/// told that wait for room.
/// </summary>
internal sealed class StarvedStreams(EndpointState state)
{
    private const int Capacity = 256;

    private readonly (int Index, uint Generation)[] _queue = new (int, uint)[Capacity];
    private int _head;
    private int _count;

    // Only while the queue is full, so that its count alone says whether anybody waits.
    private bool _isOverflowing;

    /// <summary>A send of this stream was refused, or took less than it was given: an event will tell when there is room, and where nothing else would bring it, this does.</summary>
    public void Add(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        stream.Set(StreamFlags.WantsWritable);
        if (stream.IsReliable && stream.Send.Buffered > 0)
        {
            return;
        }

        if (stream.Has(StreamFlags.Starved))
        {
            return;
        }

        if (_count == Capacity)
        {
            // Telling it at once would have it ask again, and be refused again, without end.
            _isOverflowing = true;
            return;
        }

        stream.Set(StreamFlags.Starved);
        _queue[(_head + _count++) % Capacity] = (index, stream.Generation);
    }

    /// <summary>Memory may have come free: wakes all that wait, if there is some for them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Wake()
    {
        if (_count > 0)
        {
            WakeWaiting();
        }
    }

    private void WakeWaiting()
    {
        if (!state.HasMemoryForSending || state.Messages.FreeCount == 0)
        {
            return;
        }

        while (_count > 0)
        {
            (int index, uint generation) = _queue[_head];
            _head = (_head + 1) % Capacity;
            _count--;
            if (state.Streams[index].Generation == generation)
            {
                state.Streams[index].Clear(StreamFlags.Starved);
                Tell(index);
            }
        }

        if (_isOverflowing)
        {
            _isOverflowing = false;
            TellAll();
        }
    }

    /// <summary>More waited than the queue remembers: all streams are looked through, once for as many refusals as filled it.</summary>
    private void TellAll()
    {
        foreach (Connection connection in state.Connections)
        {
            for (int index = connection.LocalTag == 0 ? -1 : connection.Streams.Head; index >= 0; index = state.Streams[index].SiblingLink.Next)
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
