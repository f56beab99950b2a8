using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Modes;

/// <summary>Writes data into a packet: STREAM_OPEN in front while the peer may not have it, the DATA frame, a segment's slices.</summary>
internal sealed class SegmentWriter(EndpointState state, SegmentStore segments, ControlWriter control)
{
    /// <summary>Payload bytes that fit behind what the packet has and the headers that this stream needs; not positive: none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PayloadRoom(int index, in StreamState stream, in PacketBuilder builder, TransportMode mode)
    {
        int header = mode == TransportMode.Probabilistic ? RepairFrame.WireSize : DataFrame.GetWireLength(mode, stream.Has(StreamFlags.SequenceNumbers));
        return !NeedsOpen(index, stream, builder) ? builder.PayloadRoom(header)
            : builder.ControlsLeft > 0 ? builder.PayloadRoom(header + StreamOpenFrame.WireSize)
            : -1;
    }

    /// <summary>Sends the first lost segment again.</summary>
    public DataResult WriteLost(int index, ref StreamState stream, int room, ref PacketBuilder builder)
    {
        int segment = stream.Send.Lost.Head;
        if (state.Segments[segment].Length > room)
        {
            if (!builder.IsEmpty || room <= 0)
            {
                return DataResult.NoRoom;
            }

            // The frame became smaller since the segment was cut.
            if (!segments.TrySplit(segment, room))
            {
                return DataResult.NoMemory;
            }
        }

        segments.Move(segment, toLost: false);
        stream.Send.Retransmissions++;
        state.Connections[stream.Connection].Retransmissions++;
        Write(index, stream, segment, ref builder);
        return DataResult.Written;
    }

    /// <summary>Writes a segment that fits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int index, in StreamState stream, int segmentIndex, ref PacketBuilder builder)
    {
        ref Segment segment = ref state.Segments[segmentIndex];
        ref OutboundMessage message = ref state.Messages[segment.Message];
        var frame = new DataFrame
        {
            Mode = stream.Mode,
            StreamId = stream.Id,
            Fin = segment.HasFin,
            Position = message.Number,
            MessageLength = (uint)message.Length,
            FragmentOffset = (uint)segment.Position,
        };

        segments.Show(segment, builder.Transmission);
        builder.PayloadLength = segment.Length;
        builder.Segment = segmentIndex;
        WriteHeader(index, stream, frame, ref builder);
    }

    /// <summary>Writes STREAM_OPEN, if the peer may not have it, and the DATA frame's header.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteHeader(int index, in StreamState stream, in DataFrame frame, ref PacketBuilder builder)
    {
        Begin(index, stream, ref builder);
        frame.TryWrite(ref builder.Writer);
    }

    /// <summary>The same for REPAIR.</summary>
    public void WriteRepair(int index, in StreamState stream, in OutboundMessage repair, ref PacketBuilder builder)
    {
        Begin(index, stream, ref builder);
        RepairOf(stream, repair).TryWrite(ref builder.Writer);
    }

    /// <summary>What REPAIR says of a message that is one.</summary>
    public static RepairFrame RepairOf(in StreamState stream, in OutboundMessage repair) => new()
    {
        StreamId = stream.Id,
        FirstMessage = repair.Number,
        GroupSize = repair.GroupSize,
        Row = repair.Row,
        LengthParity = repair.LengthParity,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Begin(int index, in StreamState stream, ref PacketBuilder builder)
    {
        if (NeedsOpen(index, stream, builder))
        {
            control.TryWriteStreamOpen(index, ref builder);
        }

        builder.Stream = index;
        builder.IsAckEliciting = true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool NeedsOpen(int index, in StreamState stream, in PacketBuilder builder) =>
        !stream.Has(StreamFlags.OpenKnown) && builder.OpenedStream != index;
}
