using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Streams;

/// <summary>Makes, splits and frees the segments of messages.</summary>
internal sealed class SegmentStore(EndpointState state)
{
    private readonly Slab<Segment> _segments = state.Segments;
    private readonly FrameTable _frames = state.Frames;
    private readonly Slab<StreamState> _streams = state.Streams;

    /// <summary>Moves up to <paramref name="length"/> bytes of what of a message was not sent into a new segment in flight. -1: none is free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Cut(int streamIndex, ref StreamState stream, int messageIndex, ref OutboundMessage message, int length)
    {
        if (state.SegmentsForNew <= 0 || !_segments.TryAllocate(out int index))
        {
            return Slab<Segment>.None;
        }

        ref Segment segment = ref _segments[index];
        segment.Length = state.Store.Cut(ref message.Piece, ref message.Unsent, length, segment.Slices, out int count);
        segment.SliceCount = (byte)count;
        Begin(ref segment, streamIndex, messageIndex, (uint)message.Sent);
        stream.Send.InFlight.Append(_segments, index, ref segment.Link);
        return index;
    }

    /// <summary>Makes a segment in flight of a whole message that lies in one piece, whose reference it takes over. There is a record.</summary>
    /// <param name="streamIndex">The stream.</param>
    /// <param name="stream">Its record.</param>
    /// <param name="message">The message.</param>
    /// <param name="slice">Its piece.</param>
    /// <param name="packet">The number of the packet that carries it.</param>
    /// <param name="path">That packet's path.</param>
    /// <param name="generation">The segment's generation.</param>
    /// <returns>The segment.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Make(int streamIndex, ref StreamState stream, int message, in PayloadSlice slice, ulong packet, byte path, out uint generation)
    {
        bool isFree = _segments.TryAllocate(out int index);
        Invariant.Check(isFree, "There is a record for every packet that is begun.");
        ref Segment segment = ref _segments[index];
        segment.Length = slice.Length;
        segment.Slices[0] = slice;
        segment.SliceCount = 1;
        segment.Packet = packet;
        segment.Path = path;
        generation = segment.Generation;
        Begin(ref segment, streamIndex, message, 0);
        stream.Send.InFlight.Append(_segments, index, ref segment.Link);
        return index;
    }

    /// <summary>
    /// Gives a segment that lies in one piece the bytes behind its own, as many as it has and again, if they lie in the same piece; the last of that stay.
    /// </summary>
    /// <param name="segment">The segment, the last that was cut.</param>
    /// <param name="message">Its message.</param>
    /// <param name="most">How often, at most.</param>
    /// <returns>How often.</returns>
    public int Extend(ref Segment segment, ref OutboundMessage message, int most)
    {
        bool isPiece = message.Piece.Length > 0;
        int head = message.Unsent.Head;
        if (segment.SliceCount != 1 || (!isPiece && head < 0))
        {
            return 0;
        }

        Slab<Chunk> chunks = state.Store.Chunks;
        PayloadSlice behind = isPiece ? message.Piece : chunks[head].Slice;
        int count = Math.Min((behind.Length - 1) / segment.Length, most);
        if (count <= 0 || !segment.Slices[0].IsFollowedBy(behind))
        {
            return 0;
        }

        int bytes = count * segment.Length;
        segment.Length += bytes;
        segment.Slices[0] = segment.Slices[0].WithLength(segment.Length);
        if (isPiece)
        {
            message.Piece = behind.SkipFirst(bytes);
        }
        else
        {
            chunks[head].SkipFront(bytes);
        }

        return count;
    }

    /// <summary>A packet gets the segment's slices, with references of the link's own: the segment keeps its until the data is acknowledged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Show(in Segment segment, Transmission transmission)
    {
        Span<PayloadSlice> slices = transmission.SliceStorage;
        for (int i = 0; i < segment.SliceCount; i++)
        {
            slices[i] = segment.Slices[i];
            _frames.AddReference(slices[i].Frame);
        }

        transmission.SliceCount = segment.SliceCount;
    }

    /// <summary>A segment that several packets carry becomes two: it keeps what the first of them carry. There is a record: each packet kept one in reserve.</summary>
    /// <param name="index">The segment, in flight.</param>
    /// <param name="length">Bytes that it keeps.</param>
    /// <param name="packet">The number of the first packet that carries the others.</param>
    /// <param name="generation">The new segment's generation.</param>
    /// <returns>The new segment.</returns>
    public int Split(int index, int length, ulong packet, out uint generation)
    {
        bool isFree = _segments.TryAllocate(out int restIndex);
        Invariant.Check(isFree && !_segments[index].IsLost, "There is a record for every packet that shares another's segment, which is in flight.");
        ref Segment rest = ref Divide(index, restIndex, length);
        rest.Packet = packet;
        generation = rest.Generation;
        _streams[rest.Stream].Send.InFlight.InsertBehind(_segments, index, restIndex);
        return restIndex;
    }

    /// <summary>
    /// Leaves the first <paramref name="length"/> bytes in the segment and puts the rest into a new one behind it in the list of lost
    /// ones: the frame became smaller than when the segment was cut. False: no segment is free.
    /// </summary>
    public bool TrySplit(int index, int length)
    {
        if (state.SegmentsForSplits <= 0 || !_segments.TryAllocate(out int restIndex))
        {
            return false;
        }

        ref Segment rest = ref Divide(index, restIndex, length);
        ref Segment segment = ref _segments[index];
        segment.HasFin = false;

        // A late acknowledgement of the packet that carried the whole must not be taken for one of the first part.
        segment.Generation++;
        _streams[rest.Stream].Send.Lost.Append(_segments, restIndex);
        return true;
    }

    /// <summary>Leaves the first bytes in a segment and puts the rest into a new one, which is in no list yet.</summary>
    private ref Segment Divide(int index, int restIndex, int length)
    {
        ref Segment segment = ref _segments[index];
        ref Segment rest = ref _segments[restIndex];
        uint generation = rest.Generation;
        rest = segment;
        rest.Generation = generation;
        rest.Position += (uint)length;
        rest.Length -= length;
        rest.SliceCount = 0;
        int kept = 0;
        byte keptSlices = 0;
        for (int i = 0; i < segment.SliceCount; i++)
        {
            PayloadSlice slice = segment.Slices[i];
            int take = Math.Min(length - kept, slice.Length);
            if (take > 0)
            {
                segment.Slices[keptSlices++] = slice.WithLength(take);
            }

            if (take < slice.Length)
            {
                if (take > 0)
                {
                    _frames.AddReference(slice.Frame);
                }

                rest.Slices[rest.SliceCount++] = slice.SkipFirst(take);
            }

            kept += take;
        }

        segment.Length = length;
        segment.SliceCount = keptSlices;
        if (segment.Message >= 0)
        {
            state.Messages[segment.Message].Outstanding++;
        }

        return ref rest;
    }

    /// <summary>Takes a segment out of its stream's list and gives its memory back.</summary>
    public void Free(int index)
    {
        ref Segment segment = ref _segments[index];
        Free(ref _streams[segment.Stream], index, ref segment);
    }

    /// <summary>The same, where its stream is at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Free(ref StreamState stream, int index, ref Segment segment)
    {
        ref SendHalf send = ref stream.Send;
        if (segment.IsLost)
        {
            send.Lost.Remove(_segments, segment.Link);
        }
        else
        {
            send.InFlight.Remove(_segments, segment.Link);
        }

        Invariant.Check(segment.SliceCount > 0, "A segment is given back once.");
        state.AddBuffered(ref stream, -segment.Length);
        for (int i = 0; i < segment.SliceCount; i++)
        {
            _frames.Release(segment.Slices[i].Frame);
        }

        segment.SliceCount = 0;
        segment.Generation++;
        _segments.Free(index);
    }

    /// <summary>Moves a segment from those in flight to those that are sent again, or back.</summary>
    public void Move(int index, bool toLost)
    {
        ref Segment segment = ref _segments[index];
        if (segment.IsLost == toLost)
        {
            return;
        }

        ref SendHalf send = ref state.Streams[segment.Stream].Send;
        segment.IsLost = toLost;
        if (toLost)
        {
            send.InFlight.Remove(_segments, index);
            send.Lost.Append(_segments, index);
        }
        else
        {
            send.Lost.Remove(_segments, index);
            send.InFlight.Append(_segments, index);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin(ref Segment segment, int stream, int message, ulong position)
    {
        segment.Stream = stream;
        segment.Message = message;
        segment.Position = position;
        segment.Losses = 0;
        segment.IsLost = false;
        segment.HasFin = false;
    }

    /// <summary>Frees all segments of a stream.</summary>
    public void Clear(int streamIndex)
    {
        while (state.Streams[streamIndex].Send.InFlight.Head is var index && index >= 0)
        {
            Free(index);
        }

        while (state.Streams[streamIndex].Send.Lost.Head is var index && index >= 0)
        {
            Free(index);
        }
    }
}
