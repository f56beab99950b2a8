using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>
/// The bytes of a Reliable-Ordered stream from the first that is not acknowledged on, where they lie. A packet names the run that it carried by position; so nothing is
/// made when a run is sent, and a run that was lost can be cut anew. What is acknowledged behind a gap is a set of runs, and its memory is freed when the gap is filled.
/// </summary>
internal sealed class OrderedSendBuffer(EndpointState state)
{
    private readonly Slab<Chunk> _chunks = state.Store.Chunks;
    private readonly FrameTable _frames = state.Frames;

    /// <summary>Whether the endpoint has the record that a packet with new bytes needs when it is lost.</summary>
    public bool MaySend
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => state.SegmentsForNew > 0;
    }

    /// <summary>Whether it has the one that is needed to send again a part of what was lost.</summary>
    public bool MaySplit => state.SegmentsForSplits > 0;

    /// <summary>Gives a link the next bytes that were never sent, with a reference of the link's for each slice.</summary>
    /// <param name="send">The sending half; it has unsent bytes.</param>
    /// <param name="length">The most bytes.</param>
    /// <param name="link">Where the slices go.</param>
    /// <param name="chunk">The chunk that the first byte lies in.</param>
    /// <returns>The bytes: fewer where there are fewer, or they lie in more pieces than a packet can have.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take(ref SendHalf send, int length, Wire.Transmission link, out int chunk)
    {
        chunk = send.Cursor;
        ref Chunk first = ref _chunks[chunk];
        int offset = (int)(send.Window.Used - first.Position);
        int there = first.Slice.Length - offset;
        if (there < length)
        {
            return TakeSeveral(ref send, length, link, out chunk);
        }

        PayloadSlice slice = first.Slice.Part(offset, length);
        _frames.AddReference(slice.Frame);
        link.SliceStorage[0] = slice;
        link.SliceCount = 1;
        if (there == length && first.Next >= 0)
        {
            send.Cursor = first.Next;
        }

        send.Window.Used += (uint)length;
        return length;
    }

    /// <summary>The next bytes that were never sent, for several packets of one length, as far as they lie in one chunk.</summary>
    /// <param name="send">The sending half; it has unsent bytes.</param>
    /// <param name="length">Bytes for each packet.</param>
    /// <param name="most">The most packets.</param>
    /// <param name="first">What the first gets; those of the others follow in the frame, and each has a reference of the link's.</param>
    /// <returns>How many packets.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int TakeAlike(ref SendHalf send, int length, int most, out PayloadSlice first)
    {
        ref Chunk chunk = ref _chunks[send.Cursor];
        int offset = (int)(send.Window.Used - chunk.Position);
        int there = chunk.Slice.Length - offset;
        first = chunk.Slice.Part(offset, length);
        if (there < length)
        {
            return 0;
        }

        // A send of one packet has a chunk of its own: that need not be divided.
        int count = there < 2 * length ? 1 : Math.Min(there / length, most);

        _frames.AddReference(first.Frame, count);
        int taken = count * length;
        send.Window.Used += (uint)taken;
        if (offset + taken == chunk.Slice.Length && chunk.Next >= 0)
        {
            send.Cursor = chunk.Next;
        }

        return count;
    }

    /// <summary>How many of the next bytes that were never sent lie in one piece. There are some.</summary>
    public int UnsentRun(in SendHalf send)
    {
        ref Chunk chunk = ref _chunks[send.Cursor];
        ulong end = chunk.End > send.Window.Used ? chunk.End : _chunks[chunk.Next].End;
        return (int)(end - send.Window.Used);
    }

    /// <summary>Gives a link bytes that were sent before and are not acknowledged.</summary>
    /// <param name="chunk">The chunk that the first lies in; afterwards that of the byte behind the last.</param>
    /// <param name="position">The first.</param>
    /// <param name="length">The most bytes; so many were sent.</param>
    /// <param name="link">Where the slices go.</param>
    public int TakeAgain(ref int chunk, ulong position, int length, Wire.Transmission link)
    {
        Span<PayloadSlice> slices = link.SliceStorage;
        int taken = 0;
        int count = 0;
        while (taken < length && count < slices.Length)
        {
            ref Chunk current = ref _chunks[chunk];
            int offset = (int)(position + (uint)taken - current.Position);
            int part = Math.Min(length - taken, current.Slice.Length - offset);
            if (part > 0)
            {
                PayloadSlice slice = current.Slice.Part(offset, part);
                _frames.AddReference(slice.Frame);
                slices[count++] = slice;
                taken += part;
            }

            if (offset + part == current.Slice.Length)
            {
                if (current.Next < 0)
                {
                    break;
                }

                chunk = current.Next;
            }
        }

        link.SliceCount = count;
        return taken;
    }

    /// <summary>The peer has a run of bytes. What it had before counts once.</summary>
    /// <returns>False: there is no record to remember it by, so that it has to be sent again.</returns>
    public bool TryAcknowledge(Connection connection, ref SendHalf send, ulong from, ulong to)
    {
        ulong added;
        if (from > send.Acknowledged)
        {
            RangeSet ahead = send.AcknowledgedAhead;
            bool isKept = ahead.TryAddRun(state.AcknowledgedRuns, from, to - 1, out added);
            send.AcknowledgedAhead = ahead;
            if (!isKept)
            {
                return false;
            }
        }
        else
        {
            if (to <= send.Acknowledged)
            {
                return true;
            }

            added = to - send.Acknowledged;
            send.Acknowledged = to;
            if (send.HasAcknowledgedAhead)
            {
                added -= Join(ref send);
            }

            FreeAcknowledged(ref send);
        }

        send.Buffered -= (int)added;
        connection.SendBuffered -= (int)added;
        if (send.Buffered == 0 && !send.Lost.IsEmpty)
        {
            // Runs whose middle had arrived stayed whole, and nobody may ask for them any more.
            DropLost(ref send);
        }

        return true;
    }

    /// <summary>The chunk that a byte lies in which is under way, or -1: nothing of the stream is any more.</summary>
    /// <param name="send">The sending half.</param>
    /// <param name="before">A packet in flight whose bytes lie before it, and which alone carried them.</param>
    /// <param name="position">The byte.</param>
    public int ChunkOf(in SendHalf send, in SentPacket before, ulong position)
    {
        if (position < send.Acknowledged)
        {
            return Slab<Chunk>.None;
        }

        Invariant.Check(before.Position >= send.Acknowledged, "What one packet carries is acknowledged with it.");
        return ChunkFrom(before.Chunk, position);
    }

    /// <summary>
    /// A run that was sent waits to be sent again, but for what of it is acknowledged. A record for it was reserved when it was sent.
    /// </summary>
    /// <param name="index">The stream.</param>
    /// <param name="send">Its sending half.</param>
    /// <param name="packet">What carried the run.</param>
    /// <param name="losses">How often it was lost.</param>
    public void Requeue(int index, ref SendHalf send, in SentPacket packet, byte losses)
    {
        ulong to = packet.Position + (uint)packet.Length;
        if ((packet.Flags & SentPacketFlags.SentAgain) != 0 || packet.Position < send.Acknowledged)
        {
            RequeueMissing(index, ref send, packet.Position, to, losses);
        }
        else
        {
            // Nothing else carried it, so nothing of it is acknowledged.
            Append(index, ref send, packet.Position, to, packet.Chunk, losses);
        }
    }

    /// <summary>What of a run is not acknowledged waits to be sent again. A record for it is reserved, or just came free.</summary>
    public void RequeueMissing(int index, ref SendHalf send, ulong from, ulong to, byte losses)
    {
        from = Math.Max(from, send.Acknowledged);
        for (int i = send.AcknowledgedAhead.Head; i >= 0 && from < to; i = state.AcknowledgedRuns[i].Next)
        {
            ref RangeNode run = ref state.AcknowledgedRuns[i];
            if (run.Last < from)
            {
                continue;
            }

            if (run.First >= to)
            {
                break;
            }

            if (run.First > from)
            {
                Append(index, ref send, from, run.First, ChunkAt(send, from), losses);
            }

            from = run.Last + 1;
        }

        if (from < to)
        {
            Append(index, ref send, from, to, ChunkAt(send, from), losses);
        }
    }

    /// <summary>A run that may wait to be sent again has arrived after all.</summary>
    public void Unqueue(ref SendHalf send, ulong from, ulong to)
    {
        for (int i = send.Lost.Head; i >= 0;)
        {
            ref Segment lost = ref state.Segments[i];
            int next = lost.Link.Next;
            ulong end = lost.Position + (uint)lost.Length;
            if (lost.Position >= from && end <= to)
            {
                Drop(ref send, i);
            }
            else if (lost.Position >= from && lost.Position < to)
            {
                lost.Chunk = ChunkFrom(lost.Chunk, to);
                lost.Position = to;
                lost.Length = (int)(end - to);
            }
            else if (lost.Position < from && end > from && end <= to)
            {
                lost.Length = (int)(from - lost.Position);
            }

            // One that reaches beyond the run on both sides stays whole: it is sent again, and taken for what it is.
            i = next;
        }
    }

    /// <summary>
    /// Whether a run waits to be sent again; the first of them then begins with a byte that is missing. What was acknowledged in the middle of a run is found out
    /// only here, when everything before it is acknowledged as well: the chunks that it lay in are gone by then.
    /// </summary>
    public bool HasLost(ref SendHalf send)
    {
        while (!send.Lost.IsEmpty)
        {
            ref Segment first = ref state.Segments[send.Lost.Head];
            if (first.Position >= send.Acknowledged)
            {
                return true;
            }

            ulong end = first.Position + (uint)first.Length;
            if (end > send.Acknowledged)
            {
                first.Chunk = ChunkAt(send, send.Acknowledged);
                first.Position = send.Acknowledged;
                first.Length = (int)(end - send.Acknowledged);
                return true;
            }

            Drop(ref send, send.Lost.Head);
        }

        return false;
    }

    /// <summary>The first bytes of a run that waited are sent again.</summary>
    public void OnSentAgain(ref SendHalf send, int index, int length, int chunkBehind)
    {
        ref Segment lost = ref state.Segments[index];
        if (lost.Length == length)
        {
            Drop(ref send, index);
            return;
        }

        lost.Chunk = chunkBehind;
        lost.Position += (uint)length;
        lost.Length -= length;
    }

    /// <summary>Gives everything up: nothing of it is sent (again), and what still comes in about it means nothing.</summary>
    public void Clear(Connection connection, ref SendHalf send)
    {
        DropLost(ref send);
        RangeSet ahead = send.AcknowledgedAhead;
        ahead.Clear(state.AcknowledgedRuns);
        send.AcknowledgedAhead = ahead;
        state.Store.Clear(ref send.Content);
        send.Cursor = Slab<Chunk>.None;
        send.Acknowledged = send.End;
        connection.SendBuffered -= send.Buffered;
        send.Buffered = 0;
    }

    private int TakeSeveral(ref SendHalf send, int length, Wire.Transmission link, out int chunk)
    {
        // All of the last chunk may have been sent before more was appended behind it.
        ref Chunk first = ref _chunks[send.Cursor];
        if (first.End == send.Window.Used)
        {
            send.Cursor = first.Next;
        }

        chunk = send.Cursor;
        int behind = chunk;
        int taken = TakeAgain(ref behind, send.Window.Used, length, link);
        send.Cursor = behind;
        send.Window.Used += (uint)taken;
        return taken;
    }

    /// <summary>Runs that were acknowledged ahead and are reached now join the rest. Returns the bytes that were counted already.</summary>
    private ulong Join(ref SendHalf send)
    {
        ulong counted = 0;
        RangeSet ahead = send.AcknowledgedAhead;
        while (ahead.Head >= 0 && state.AcknowledgedRuns[ahead.Head].First <= send.Acknowledged)
        {
            ulong first = state.AcknowledgedRuns[ahead.Head].First;
            ulong behind = ahead.TakeFrom(state.AcknowledgedRuns, first);
            counted += Math.Min(behind, send.Acknowledged) - first;
            send.Acknowledged = Math.Max(send.Acknowledged, behind);
        }

        send.AcknowledgedAhead = ahead;
        return counted;
    }

    private void FreeAcknowledged(ref SendHalf send)
    {
        Slab<Chunk> chunks = _chunks;
        int head = send.Content.Head;
        while (head >= 0)
        {
            ref Chunk chunk = ref chunks[head];
            if (chunk.End > send.Acknowledged)
            {
                break;
            }

            int next = chunk.Next;
            if (send.Cursor == head)
            {
                send.Cursor = next;
            }

            _frames.Release(chunk.Slice.Frame);
            chunks.Free(head);
            head = next;
        }

        send.Content.Head = head;
        if (head < 0)
        {
            send.Content.Tail = head;
        }
    }

    private void Append(int index, ref SendHalf send, ulong from, ulong to, int chunk, byte losses)
    {
        int tail = send.Lost.Tail;
        if (tail >= 0)
        {
            ref Segment last = ref state.Segments[tail];
            if (last.Position + (uint)last.Length == from && last.Losses == losses)
            {
                last.Length += (int)(to - from);
                return;
            }
        }

        // What was reserved is one record; a run that falls into several pieces may find no second one, and is then sent whole.
        if (!state.Segments.TryAllocate(out int lostIndex))
        {
            state.Segments[tail].Length = (int)(to - state.Segments[tail].Position);
            return;
        }

        ref Segment lost = ref state.Segments[lostIndex];
        lost.Stream = index;
        lost.Message = Slab<OutboundMessage>.None;
        lost.Position = from;
        lost.Length = (int)(to - from);
        lost.Chunk = chunk;
        lost.Losses = losses;
        lost.SliceCount = 0;
        lost.IsLost = true;
        send.Lost.Append(state.Segments, lostIndex);
    }

    private void Drop(ref SendHalf send, int index)
    {
        send.Lost.Remove(state.Segments, index);
        state.Segments[index].Generation++;
        state.Segments.Free(index);
    }

    private void DropLost(ref SendHalf send)
    {
        while (!send.Lost.IsEmpty)
        {
            Drop(ref send, send.Lost.Head);
        }
    }

    private int ChunkAt(in SendHalf send, ulong position) => ChunkFrom(send.Content.Head, position);

    private int ChunkFrom(int chunk, ulong position)
    {
        while (_chunks[chunk].End <= position && _chunks[chunk].Next >= 0)
        {
            chunk = _chunks[chunk].Next;
        }

        return chunk;
    }
}
