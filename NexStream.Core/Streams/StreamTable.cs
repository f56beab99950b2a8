using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>What came of a frame that names a stream.</summary>
internal enum StreamLookup : byte
{
    /// <summary>The stream is there.</summary>
    Found,

    /// <summary>It was there once and is gone: what still comes for it means nothing.</summary>
    Gone,

    /// <summary>There is no room for it now: the packet must not be acknowledged, so that it comes again.</summary>
    NoRoom,

    /// <summary>The id is above the limit (RFC 9000 §4.6).</summary>
    AboveLimit,

    /// <summary>The id is reserved, of the wrong parity, was never opened, or is opened in another mode than before.</summary>
    Invalid,
}

/// <summary>The streams of all connections: ids, limits, opening and freeing.</summary>
internal sealed class StreamTable(EndpointState state, ProbabilisticStreams probabilistic)
{
    /// <summary>How many runs of ids not yet opened may lie below the highest: as many as reordering within a window can make.</summary>
    private const int PendingRunsMax = 256;

    public static ulong KeyOf(int connection, uint id) => ((ulong)(uint)connection << 32) | id;

    /// <summary>Opens a stream of this side. Returns <see cref="CallStatus.LimitReached"/> when the peer or the endpoint allow no more now.</summary>
    public CallStatus TryOpen(Connection connection, in StreamConfig config, out int index)
    {
        index = Slab<StreamState>.None;
        if (!connection.IsOpen)
        {
            return CallStatus.Closed;
        }

        if (connection.NextLocalOrdinal >= Math.Min(connection.PeerStreamLimit, StreamId.CountMax))
        {
            connection.WantsStreams = true;
            return CallStatus.LimitReached;
        }

        if (!HasRoom(config.Mode) || !state.Streams.TryAllocate(out index))
        {
            WaitForRecord(connection);
            return CallStatus.LimitReached;
        }

        uint id = StreamId.FromOrdinal(connection.NextLocalOrdinal++, connection.IsClient);
        ref StreamState stream = ref Initialize(connection, index, id, config.Mode, config.Priority);
        stream.Set(StreamFlags.Local | (config.SequenceNumbers ? StreamFlags.SequenceNumbers : 0));
        stream.Path = config.Path ?? PathIds.None;
        if (config.MaxAttempts != 0)
        {
            stream.MaxAttempts = config.MaxAttempts;
        }

        return CallStatus.Ok;
    }

    /// <summary>Finds the stream that a frame other than STREAM_OPEN names: most often the one that the connection's frame before was for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StreamLookup Find(Connection connection, uint id, out int index)
    {
        index = connection.PredictedStream;
        ref StreamState stream = ref state.Streams[index];
        bool isIt = stream.Id == id && stream.Connection == connection.Index && id != StreamId.ConnectionControl && !stream.Has(StreamFlags.Dead);
        return isIt ? StreamLookup.Found : FindAny(connection, id, out index);
    }

    private StreamLookup FindAny(Connection connection, uint id, out int index)
    {
        index = state.StreamIndex.Find(KeyOf(connection.Index, id));
        if (index >= 0)
        {
            if (state.Streams[index].Has(StreamFlags.Dead))
            {
                return StreamLookup.Gone;
            }

            connection.PredictedStream = index;
            return StreamLookup.Found;
        }

        if (!StreamId.IsValid(id))
        {
            return StreamLookup.Invalid;
        }

        uint ordinal = StreamId.Ordinal(id);
        if (StreamId.IsClientInitiated(id) == connection.IsClient)
        {
            return ordinal < connection.NextLocalOrdinal ? StreamLookup.Gone : StreamLookup.Invalid;
        }

        if (ordinal >= connection.StreamLimit)
        {
            return StreamLookup.AboveLimit;
        }

        // Every frame for a stream travels behind its STREAM_OPEN until that is acknowledged, so an id that was not opened cannot be named.
        bool wasOpened = ordinal < connection.NextPeerOrdinal && !connection.PeerPending.Contains(state.Ranges, ordinal);
        return wasOpened ? StreamLookup.Gone : StreamLookup.Invalid;
    }

    /// <summary>STREAM_OPEN came: opens the stream, or finds it when the frame came before.</summary>
    public StreamLookup Accept(Connection connection, uint id, TransportMode mode, byte priority, out int index, out bool isNew)
    {
        isNew = false;
        index = state.StreamIndex.Find(KeyOf(connection.Index, id));
        if (index >= 0)
        {
            return state.Streams[index].Mode == mode && !state.Streams[index].Has(StreamFlags.Local) ? StreamLookup.Found : StreamLookup.Invalid;
        }

        if (!StreamId.IsValid(id) || StreamId.IsClientInitiated(id) == connection.IsClient)
        {
            return StreamLookup.Invalid;
        }

        uint ordinal = StreamId.Ordinal(id);
        if (ordinal >= connection.StreamLimit)
        {
            return StreamLookup.AboveLimit;
        }

        if (ordinal < connection.NextPeerOrdinal && !connection.PeerPending.Contains(state.Ranges, ordinal))
        {
            return StreamLookup.Gone;
        }

        if (state.Streams.FreeCount == 0 || !HasRoom(mode) || !TryClaim(connection, ordinal))
        {
            return StreamLookup.NoRoom;
        }

        state.Streams.TryAllocate(out index);
        Initialize(connection, index, id, mode, priority).Set(StreamFlags.OpenKnown);
        isNew = true;
        return StreamLookup.Found;
    }

    /// <summary>Frees the record of a stream that ended and that no list holds. The limit that the peer has rises (RFC 9000 §4.6).</summary>
    public void Free(int index)
    {
        ref StreamState stream = ref state.Streams[index];
        Connection connection = state.Connections[stream.Connection];
        Invariant.Check(stream.Has(StreamFlags.Dead), "Only a stream that ended is forgotten.");
        Invariant.Check((stream.Flags & (StreamFlags.InEventList | StreamFlags.InControlList | StreamFlags.Scheduled | StreamFlags.CreditBlocked)) == 0, "A stream that is forgotten is in no list.");
        Invariant.Check(stream.Send.InFlight.IsEmpty && stream.Send.Lost.IsEmpty && stream.Send.Messages.IsEmpty, "A stream that is forgotten has nothing under way.");
        state.StreamIndex.Remove(KeyOf(stream.Connection, stream.Id));
        connection.Streams.Remove(state.Streams, index);
        connection.StreamCount--;
        if (!stream.Has(StreamFlags.Local))
        {
            connection.PeerStreamsEnded++;
            RaiseLimit(connection);
        }

        if (stream.Mode == TransportMode.Probabilistic)
        {
            state.Probabilistic.Free(stream.Receive.Delivery);
        }

        stream.Generation++;
        state.Streams.Free(index);
        TellWaiting();
    }

    /// <summary>The endpoint has no record for a stream: when one comes free, the application is told.</summary>
    private void WaitForRecord(Connection connection)
    {
        connection.WantsStreams = true;
        if (!connection.InWaitingList)
        {
            connection.InWaitingList = true;
            state.Waiting.Enqueue(connection.Index);
        }
    }

    /// <summary>A record came free. All that wait are told, because nobody knows which of them still wants it; each waits again when it is refused again.</summary>
    private void TellWaiting()
    {
        while (state.Waiting.Count > 0)
        {
            Connection waiting = state.Connections[state.Waiting.Dequeue()];
            waiting.InWaitingList = false;
            if (waiting.WantsStreams && waiting.IsOpen && waiting.NextLocalOrdinal < waiting.PeerStreamLimit)
            {
                waiting.WantsStreams = false;
                state.Events.Raise(waiting, ConnectionEvents.StreamsAvailable);
            }
        }
    }

    /// <summary>Whether a stream of this mode can have all of its records.</summary>
    private bool HasRoom(TransportMode mode) => mode != TransportMode.Probabilistic || state.Probabilistic.FreeCount > 0;

    private void RaiseLimit(Connection connection)
    {
        // Coalesced to an eighth of the limit, but never while the peer has nothing left.
        uint limit = (uint)Math.Min((ulong)connection.PeerStreamsEnded + (uint)connection.Config.MaxStreams, StreamId.CountMax);
        uint step = (uint)Math.Max(connection.Config.MaxStreams / 8, 1);
        if (limit > connection.StreamLimit && (limit - connection.StreamLimit >= step || connection.NextPeerOrdinal >= connection.StreamLimit))
        {
            connection.StreamLimit = limit;
            connection.Control |= ConnectionControl.StreamLimit;
            state.MarkReady(connection);
        }
    }

    private bool TryClaim(Connection connection, uint ordinal)
    {
        if (ordinal < connection.NextPeerOrdinal)
        {
            return connection.PeerPending.TryRemove(state.Ranges, ordinal, PendingRunsMax);
        }

        if (ordinal > connection.NextPeerOrdinal && !connection.PeerPending.TryAppend(state.Ranges, connection.NextPeerOrdinal, ordinal - 1, PendingRunsMax))
        {
            return false;
        }

        connection.NextPeerOrdinal = ordinal + 1;

        // The peer may just have used up its limit: then streams that ended and were not worth a frame yet count at once.
        RaiseLimit(connection);
        return true;
    }

    private ref StreamState Initialize(Connection connection, int index, uint id, TransportMode mode, byte priority)
    {
        ref StreamState stream = ref state.Streams[index];
        uint generation = stream.Generation;
        ulong first = connection.Config.FirstSequence;
        bool ordered = mode == TransportMode.ReliableOrdered;
        stream = new StreamState
        {
            Id = id,
            Generation = generation,
            Connection = connection.Index,
            Mode = mode,
            Priority = priority,
            MaxAttempts = (byte)connection.Config.MaxAttempts,
            Path = PathIds.None,
            ControlNext = Slab<StreamState>.None,
        };
        stream.Send.Window.Used = first;
        stream.Send.Window.Limit = first + (ordered ? connection.PeerStreamWindow : connection.PeerMessageWindow);
        stream.Send.End = first;
        stream.Send.Content = ChunkList.Empty;
        stream.Send.InFlight = SlabList<Segment, Segment.InStream>.Empty;
        stream.Send.Lost = SlabList<Segment, Segment.InStream>.Empty;
        stream.Send.Messages = SlabList<OutboundMessage, OutboundMessage.InStream>.Empty;
        stream.Receive.Window.Reset(first, (uint)(ordered ? connection.Config.StreamReceiveWindow : connection.Config.StreamMessageWindow));
        stream.Receive.Next = first;
        stream.Receive.FinalSize = first;
        stream.Receive.Highest = ordered ? first : 0;
        stream.Receive.Ready = ChunkList.Empty;
        stream.Receive.OutOfOrder = ChunkList.Empty;
        stream.Receive.Arrived = RangeSet.Empty;
        if (ordered)
        {
            stream.Send.Acknowledged = first;
            stream.Send.AcknowledgedAhead = RangeSet.Empty;
            stream.Send.Cursor = Slab<Chunk>.None;
        }

        if (mode == TransportMode.Probabilistic)
        {
            probabilistic.Attach(index);
        }

        connection.Streams.Prepend(state.Streams, index);
        connection.StreamCount++;
        connection.StreamsOpened++;
        state.StreamIndex.Add(KeyOf(connection.Index, id), index);
        return ref stream;
    }
}
