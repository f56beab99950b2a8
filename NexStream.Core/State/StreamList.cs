using NexStream.Core.Buffers;

namespace NexStream.Core.State;

/// <summary>A first-in-first-out list of streams that have control frames to send, through <see cref="StreamState.ControlNext"/>.</summary>
internal struct StreamList
{
    public int Head;
    public int Tail;

    public static StreamList Empty => new() { Head = Slab<StreamState>.None, Tail = Slab<StreamState>.None };

    public readonly bool IsEmpty => Head < 0;

    public void Append(Slab<StreamState> streams, int index)
    {
        ref StreamState stream = ref streams[index];
        if (stream.Has(StreamFlags.InControlList))
        {
            return;
        }

        stream.Set(StreamFlags.InControlList);
        stream.ControlNext = Slab<StreamState>.None;
        if (Tail >= 0)
        {
            streams[Tail].ControlNext = index;
        }
        else
        {
            Head = index;
        }

        Tail = index;
    }

    public int RemoveFirst(Slab<StreamState> streams)
    {
        int index = Head;
        Head = streams[index].ControlNext;
        if (Head < 0)
        {
            Tail = Slab<StreamState>.None;
        }

        streams[index].Clear(StreamFlags.InControlList);
        return index;
    }
}
