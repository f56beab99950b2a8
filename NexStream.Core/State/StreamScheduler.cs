using System.Numerics;
using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using StreamQueue = NexStream.Core.Buffers.SlabList<NexStream.Core.State.StreamState, NexStream.Core.State.StreamState.InScheduler>;

namespace NexStream.Core.State;

/// <summary>
/// Which stream sends next: deficit round robin (Shreedhar and Varghese, 1996), where a stream of priority p gets p + 1 packets' worth
/// each round, or strict priority with round robin among equals. Every step is O(1); streams that wait for connection credit stand in
/// a list of their own, which joins the rotation as a whole when credit comes.
/// </summary>
internal struct StreamScheduler
{
    private Levels _levels;
    private uint _occupied;
    private StreamQueue _blocked;
    private SchedulingPolicy _policy;

    /// <summary>Whether no stream wants to send.</summary>
    public readonly bool IsEmpty => _occupied == 0;

    public void Reset(SchedulingPolicy policy)
    {
        _policy = policy;
        _occupied = 0;
        _blocked = StreamQueue.Empty;
        for (int i = 0; i <= LinkHeader.PriorityMax; i++)
        {
            _levels[i] = StreamQueue.Empty;
        }
    }

    /// <summary>A stream has something to send.</summary>
    public void Add(Slab<StreamState> streams, int index)
    {
        ref StreamState stream = ref streams[index];
        if (stream.Has(StreamFlags.CreditBlocked))
        {
            _blocked.Remove(streams, index);
            stream.Clear(StreamFlags.CreditBlocked);
        }

        if (!stream.Has(StreamFlags.Scheduled))
        {
            stream.Set(StreamFlags.Scheduled);
            stream.Deficit = 0;
            int level = LevelOf(stream);
            _levels[level].Append(streams, index);
            _occupied |= 1u << level;
        }
    }

    /// <summary>A stream has nothing to send (any more).</summary>
    public void Remove(Slab<StreamState> streams, int index)
    {
        ref StreamState stream = ref streams[index];
        if (stream.Has(StreamFlags.Scheduled))
        {
            stream.Clear(StreamFlags.Scheduled);
            int level = LevelOf(stream);
            _levels[level].Remove(streams, index);
            if (_levels[level].IsEmpty)
            {
                _occupied &= ~(1u << level);
            }
        }
        else if (stream.Has(StreamFlags.CreditBlocked))
        {
            stream.Clear(StreamFlags.CreditBlocked);
            _blocked.Remove(streams, index);
        }
    }

    /// <summary>A stream could send if the connection had credit.</summary>
    public void Block(Slab<StreamState> streams, int index)
    {
        Remove(streams, index);
        streams[index].Set(StreamFlags.CreditBlocked);
        _blocked.Append(streams, index);
    }

    /// <summary>Connection credit came: those that waited for it take their places again, in the order in which they began to wait.</summary>
    public void Unblock(Slab<StreamState> streams)
    {
        while (!_blocked.IsEmpty)
        {
            Add(streams, _blocked.Head);
        }
    }

    /// <summary>Whether a stream has something to send. Those whose turn it is and that have sent all that they may leave the rotation here, for less than a turn costs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool DropSpent(Slab<StreamState> streams)
    {
        while (!IsEmpty)
        {
            int head = Head;
            if (!streams[head].IsSpent)
            {
                return true;
            }

            Remove(streams, head);
        }

        return false;
    }

    /// <summary>The stream whose turn it is. There is one.</summary>
    public readonly int Head
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _levels[Level].Head;
    }

    /// <summary>The same, for a stream that will send: its deficit is topped up by a quantum when a new turn begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(Slab<StreamState> streams, int frameLength)
    {
        int index = Head;
        Invariant.Check(index >= 0 && streams[index].Has(StreamFlags.Scheduled), "A stream whose turn it is has something to send.");
        Top(ref streams[index], frameLength);
        return index;
    }

    /// <summary>The stream whose turn it is, or still is, may send again: its deficit is topped up when it is used up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Top(ref StreamState stream, int frameLength)
    {
        if (stream.Deficit <= 0)
        {
            stream.Deficit += Quantum(stream, frameLength);
        }
    }

    /// <summary>Bytes that a stream may send before another's turn. At least a frame, so that every turn sends and a round is bounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Quantum(in StreamState stream, int frameLength) => (_policy == SchedulingPolicy.Strict ? 1 : stream.Priority + 1) * frameLength;

    /// <summary>The stream whose turn it is cannot use it: the next is asked. False: there is no other.</summary>
    public bool TryPassOver(Slab<StreamState> streams)
    {
        ref StreamQueue queue = ref _levels[Level];
        int index = queue.Head;
        if (streams[index].SchedulerLink.Next < 0)
        {
            return false;
        }

        queue.Remove(streams, index);
        queue.Append(streams, index);
        return true;
    }

    /// <summary>The stream at the head sent; when its deficit is used up it goes to the back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnSent(Slab<StreamState> streams, int index, ref StreamState stream, int bytes)
    {
        OnTurn(streams, index, ref stream, stream.Deficit - bytes);
    }

    /// <summary>The stream at the head sent, and this is left of its deficit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnTurn(Slab<StreamState> streams, int index, ref StreamState stream, int deficit)
    {
        stream.Deficit = deficit;
        if (deficit <= 0 && stream.Has(StreamFlags.Scheduled) && stream.SchedulerLink.Next >= 0)
        {
            ref StreamQueue queue = ref _levels[LevelOf(stream)];
            queue.Remove(streams, index);
            queue.Append(streams, index);
        }
    }

    /// <summary>Counts the streams in both lists, and checks that their flags and links say where they are.</summary>
    public readonly void Audit(Slab<StreamState> streams, out int scheduled, out int blocked)
    {
        scheduled = 0;
        for (int level = 0; level <= LinkHeader.PriorityMax; level++)
        {
            int count = Audit(streams, _levels[level], StreamFlags.Scheduled);
            Invariant.Demand(count > 0 == ((_occupied & (1u << level)) != 0), "A level is occupied when a stream is in it.");
            scheduled += count;
        }

        blocked = Audit(streams, _blocked, StreamFlags.CreditBlocked);
    }

    private static int Audit(Slab<StreamState> streams, in StreamQueue queue, StreamFlags flag)
    {
        for (int i = queue.Head; i >= 0; i = streams[i].SchedulerLink.Next)
        {
            Invariant.Demand(streams[i].Has(flag), "A stream knows the list of the scheduler that it is in.");
        }

        return queue.Audit(streams);
    }

    /// <summary>Where the stream stands whose turn it is.</summary>
    private readonly int Level
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _policy == SchedulingPolicy.Strict ? BitOperations.Log2(_occupied) : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int LevelOf(in StreamState stream) => _policy == SchedulingPolicy.Strict ? stream.Priority : 0;

    [InlineArray(LinkHeader.PriorityMax + 1)]
    private struct Levels
    {
        private StreamQueue _first;
    }
}
