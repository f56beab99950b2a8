using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Sending;

/// <summary>
/// Writes control frames into a packet with the content that holds now, and remembers them until the packet is acknowledged. What does
/// not fit stays pending for the next packet.
/// </summary>
internal sealed class ControlWriter(EndpointState state, OutboundMessages messages)
{
    /// <summary>The most gaps that one DATA_NACK names.</summary>
    private const int GapsMax = DataNackFrame.RangeCountMax;

    /// <summary>Writes the connection's own frames.</summary>
    public void WriteConnection(Connection connection, Instant now, ref PacketBuilder builder)
    {
        if (builder.ControlsLeft == 0)
        {
            return;
        }

        ConnectionControl written = ConnectionControl.None;
        if ((connection.Control & ConnectionControl.Window) != 0)
        {
            ulong before = connection.Window.Limit;
            if (connection.Window.IsUpdateDue)
            {
                connection.Window.Update(now, RoundTripNs(connection), WindowMax(connection));
            }

            var frame = new WindowUpdateFrame { StreamId = StreamId.ConnectionControl, WindowIncrement = Increment(before, connection.Window.Limit), Limit = connection.Window.Limit };
            written |= frame.TryWrite(ref builder.Writer) ? ConnectionControl.Window : ConnectionControl.None;
        }

        if ((connection.Control & ConnectionControl.StreamLimit) != 0)
        {
            written |= new MaxStreamsFrame { MaxStreams = connection.StreamLimit }.TryWrite(ref builder.Writer) ? ConnectionControl.StreamLimit : ConnectionControl.None;
        }

        if (written != 0)
        {
            connection.Control &= ~written;
            Remember(ref builder, new ControlRecord { Stream = Slab<StreamState>.None, Message = Slab<OutboundMessage>.None, ConnectionFrames = written });
        }
    }

    /// <summary>CONN_ACCEPT was written: it is repeated until it is acknowledged.</summary>
    public void RememberAccept(ref PacketBuilder builder) => Remember(ref builder, new ControlRecord
    {
        Stream = Slab<StreamState>.None,
        Message = Slab<OutboundMessage>.None,
        ConnectionFrames = ConnectionControl.Accept,
    });

    /// <summary>Writes the frames of streams and messages, as many as fit.</summary>
    public void WriteStreams(Connection connection, Instant now, ref PacketBuilder builder, Action<int> reap)
    {
        while (!connection.Skips.IsEmpty && builder.ControlsLeft > 0)
        {
            int index = connection.Skips.Head;
            ref OutboundMessage message = ref state.Messages[index];
            if (!state.Streams[message.Stream].Has(StreamFlags.OpenKnown) && builder.OpenedStream != message.Stream && !TryWriteStreamOpen(message.Stream, ref builder))
            {
                // The packet that opened the stream may be lost, or come later: a frame for a stream that was never opened is a violation.
                return;
            }

            if (builder.ControlsLeft == 0)
            {
                return;
            }

            var frame = new DataSkipFrame { StreamId = message.StreamId, Message = message.Number, Charge = (uint)message.Length };
            if (!frame.TryWrite(ref builder.Writer))
            {
                return;
            }

            messages.TakeSkip(connection);
            Remember(ref builder, new ControlRecord { Stream = Slab<StreamState>.None, Message = index, MessageGeneration = message.Generation });
        }

        while (!connection.ControlList.IsEmpty && builder.ControlsLeft > 0)
        {
            int index = connection.ControlList.Head;
            if (!TryWriteStream(connection, index, now, ref builder))
            {
                return;
            }

            connection.ControlList.RemoveFirst(state.Streams);
            reap(index);
        }
    }

    /// <summary>Writes STREAM_OPEN in front of the stream's other frames.</summary>
    public bool TryWriteStreamOpen(int index, ref PacketBuilder builder)
    {
        if (builder.ControlsLeft == 0)
        {
            return false;
        }

        ref StreamState stream = ref state.Streams[index];
        var frame = new StreamOpenFrame
        {
            StreamId = stream.Id,
            Mode = stream.Mode,
            Priority = stream.Priority,
            InitialWindow = stream.IsReliable ? stream.Receive.Window.Size : 0,
        };
        if (!frame.TryWrite(ref builder.Writer))
        {
            return false;
        }

        stream.Control &= ~StreamControl.Open;
        builder.OpenedStream = index;
        RememberStream(index, StreamControl.Open, ref builder);
        return true;
    }

    /// <summary>Writes what one stream has pending. False: not all of it fits.</summary>
    private bool TryWriteStream(Connection connection, int index, Instant now, ref PacketBuilder builder)
    {
        ref StreamState stream = ref state.Streams[index];
        if (stream.Has(StreamFlags.OpenKnown))
        {
            // The peer's STREAM_ACK came after the packet that opened the stream was declared lost.
            stream.Control &= ~StreamControl.Open;
        }

        if (stream.Has(StreamFlags.Dead) || stream.Control == StreamControl.None)
        {
            return true;
        }

        if (!stream.Has(StreamFlags.OpenKnown) && !TryWriteStreamOpen(index, ref builder))
        {
            return false;
        }

        if (!stream.Has(StreamFlags.OpenKnown) || (stream.Control & (StreamControl.Close | StreamControl.Reset | StreamControl.StopSending)) != 0)
        {
            // Opening and ending streams is activity, on the side that does it as on the side that hears of it.
            connection.LastActivityAt = now;
        }

        StreamControl written = StreamControl.None;
        if ((stream.Control & StreamControl.Acknowledge) != 0 && new StreamAckFrame { StreamId = stream.Id }.TryWrite(ref builder.Writer))
        {
            written |= StreamControl.Acknowledge;
        }

        if ((stream.Control & StreamControl.Window) != 0 && TryWriteWindow(connection, ref stream, now, ref builder))
        {
            written |= StreamControl.Window;
        }

        if ((stream.Control & StreamControl.Gaps) != 0 && TryWriteGaps(ref stream, now, ref builder))
        {
            written |= StreamControl.Gaps;
        }

        if ((stream.Control & StreamControl.Close) != 0
            && new StreamCloseFrame { StreamId = stream.Id, Reason = stream.SendReason, FinalSize = stream.Send.Window.Used }.TryWrite(ref builder.Writer))
        {
            written |= StreamControl.Close;
        }

        if ((stream.Control & StreamControl.Reset) != 0 && ResetOf(stream, StreamResetDirection.Sending).TryWrite(ref builder.Writer))
        {
            written |= StreamControl.Reset;
        }

        if ((stream.Control & StreamControl.StopSending) != 0 && ResetOf(stream, StreamResetDirection.StopSending).TryWrite(ref builder.Writer))
        {
            written |= StreamControl.StopSending;
        }

        if ((stream.Control & StreamControl.CloseAcknowledge) != 0 && new StreamCloseAckFrame { StreamId = stream.Id }.TryWrite(ref builder.Writer))
        {
            written |= StreamControl.CloseAcknowledge;
        }

        stream.Control &= ~written;
        if (written != StreamControl.None)
        {
            RememberStream(index, written, ref builder);
        }

        return stream.Control == StreamControl.None;
    }

    /// <summary>
    /// How large the window of a connection may become: no larger than what three quarters of its share of the memory hold in full packets, each in a frame of its own. A window
    /// that promises more lets a burst of losses fill the share with what lies behind the gaps.
    /// </summary>
    private uint WindowMax(Connection connection)
    {
        long heldMax = (long)connection.Memory.AheadMax * 3 / 4 * Math.Min(connection.Path.FrameLength, state.Frames.FrameSize);
        return (uint)Math.Min(connection.Config.ReceiveWindowMax, Math.Max(connection.Config.ReceiveWindow, heldMax));
    }

    private static StreamResetFrame ResetOf(in StreamState stream, StreamResetDirection direction) => new()
    {
        StreamId = stream.Id,
        Error = direction == StreamResetDirection.Sending ? stream.SendReason : stream.ReceiveReason,
        Direction = direction,
        FinalSize = stream.Send.Window.Used,
        FinalCharge = stream.Mode == TransportMode.ReliableOrdered ? stream.Send.Window.Used : stream.Send.Charged,
    };

    private static bool TryWriteWindow(Connection connection, ref StreamState stream, Instant now, ref PacketBuilder builder)
    {
        ulong before = stream.Receive.Window.Limit;
        if (stream.Receive.Window.IsUpdateDue)
        {
            int sizeMax = stream.IsMessageMode ? connection.Config.StreamMessageWindowMax : connection.Config.StreamReceiveWindowMax;
            stream.Receive.Window.Update(now, RoundTripNs(connection), (uint)sizeMax);
        }

        ulong limit = stream.Receive.Window.Limit;
        return new WindowUpdateFrame { StreamId = stream.Id, WindowIncrement = Increment(before, limit), Limit = limit }.TryWrite(ref builder.Writer);
    }

    /// <summary>DATA_ACK and DATA_NACK of the stream's own sequence: what has arrived in order, the credit, and what is missing. Hints, never the only copy.</summary>
    private bool TryWriteGaps(ref StreamState stream, Instant now, ref PacketBuilder builder)
    {
        if (stream.Mode == TransportMode.Probabilistic)
        {
            return TryWriteReport(ref stream, now, ref builder);
        }

        Span<NackRange> gaps = stackalloc NackRange[GapsMax];
        int count = 0;
        ulong expected = stream.Receive.Next;
        if (stream.Mode == TransportMode.ReliableOrdered)
        {
            for (int i = stream.Receive.OutOfOrder.Head; i >= 0 && count < GapsMax; i = state.Store.Chunks[i].Next)
            {
                ref Chunk chunk = ref state.Store.Chunks[i];
                AddGap(gaps, ref count, expected, chunk.Position);
                expected = chunk.End;
            }
        }
        else
        {
            for (int i = stream.Receive.Arrived.Head; i >= 0 && count < GapsMax; i = state.Ranges[i].Next)
            {
                AddGap(gaps, ref count, expected, state.Ranges[i].First);
                expected = state.Ranges[i].Last + 1;
            }
        }

        // The window travels in units of 2^scale bytes in RO, rounded down: the limit in WINDOW_UPDATE is what counts.
        ulong window = stream.Receive.Window.Limit - Math.Min(stream.Receive.Window.Limit, stream.Receive.Next);
        uint scaled = (uint)(stream.Mode == TransportMode.ReliableOrdered ? window >> TransportParameters.WindowScaleMax : window);
        var ack = new StreamDataAckFrame { StreamId = stream.Id, AckNumber = unchecked((uint)stream.Receive.Next), WindowUpdate = scaled };
        if (ack.TryWrite(ref builder.Writer) && count > 0)
        {
            DataNackFrame.TryWrite(ref builder.Writer, stream.Id, gaps[..count]);
        }

        return true;
    }

    private bool TryWriteReport(ref StreamState stream, Instant now, ref PacketBuilder builder)
    {
        ref InboundDelivery receiving = ref state.Probabilistic[stream.Receive.Delivery].Receiving;
        ReceiverReportFrame report = receiving.Report(stream.Id, now);
        if (!report.TryWrite(ref builder.Writer))
        {
            return false;
        }

        receiving.OnReported(now);
        return true;
    }

    private static void AddGap(Span<NackRange> gaps, ref int count, ulong start, ulong end)
    {
        if (end > start)
        {
            gaps[count++] = new NackRange(unchecked((uint)start), unchecked((uint)end));
        }
    }

    private static uint Increment(ulong before, ulong after) => (uint)Math.Min(after - before, uint.MaxValue);

    private void RememberStream(int index, StreamControl frames, ref PacketBuilder builder)
    {
        uint generation = state.Streams[index].Generation;
        if (builder.Control >= 0)
        {
            ref ControlRecord latest = ref state.Controls[builder.Control];
            if (latest.Stream == index && latest.StreamGeneration == generation)
            {
                latest.StreamFrames |= frames;
                builder.IsAckEliciting = true;
                return;
            }
        }

        Remember(ref builder, new ControlRecord { Stream = index, StreamGeneration = generation, Message = Slab<OutboundMessage>.None, StreamFrames = frames });
    }

    /// <summary>A window has to last for the longest round trip on which it is filled.</summary>
    private static long RoundTripNs(Connection connection)
    {
        long longestNs = connection.Path.Rtt.SmoothedNs;
        for (int i = 1; i < connection.Paths.Count; i++)
        {
            longestNs = connection.Paths[i].IsUsable ? Math.Max(longestNs, connection.Paths[i].Rtt.SmoothedNs) : longestNs;
        }

        return longestNs;
    }

    private void Remember(ref PacketBuilder builder, in ControlRecord record) => Remember(state, record, ref builder);

    /// <summary>Remembers frames until their packet is acknowledged.</summary>
    public static void Remember(EndpointState state, in ControlRecord record, ref PacketBuilder builder)
    {
        bool isFree = state.Controls.TryAllocate(out int index);
        Invariant.Check(isFree && builder.ControlsLeft > 0, "A packet takes no more control records than it was given.");
        state.Controls[index] = record;
        state.Controls[index].Next = builder.Control;
        builder.Control = index;
        builder.ControlsLeft--;
        builder.IsAckEliciting = true;
    }
}
