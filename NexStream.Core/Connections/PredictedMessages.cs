using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// The common packet of the modes that keep messages whole, on its way in: a message of Best-Effort, of Probabilistic above all others, or the next of
/// Reliable-Unordered with nothing missing before it. <see cref="PredictedReceive"/> has looked at the packet; here is what the stream's mode makes of it, as
/// <see cref="MessageReceiver"/> and <see cref="ProbabilisticReceiver"/> do in more steps.
/// </summary>
internal sealed class PredictedMessages(EndpointState state, InboundMessages messages, ProbabilisticReceiver probabilistic)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<InboundMessage> _inbound = state.Inbound;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>Takes the message in. False: it is not the one, or something forbids it, and nothing was done.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">The stream.</param>
    /// <param name="frame">The packet, whose slices can be adopted.</param>
    /// <param name="form">What its head says of it.</param>
    /// <param name="length">Bytes in the slices.</param>
    public bool TryTake(Connection connection, int index, in LinkFrame frame, MessageForm form, int length)
    {
        ref StreamState stream = ref _streams[index];
        ref ReceiveHalf receive = ref stream.Receive;
        bool isReliable = form == MessageForm.Reliable;
        bool hasNumber = MessageHead.HasNumber(form);
        ulong number = hasNumber ? MessageHead.NumberIn(frame.Head) : 0;
        int place = form == MessageForm.Grouped ? MessageHead.PlaceIn(frame.Head) : 0;
        if (stream.Mode != MessageHead.ModeOf(form) || stream.ReceiveState != ReceiveState.Open || stream.Has(StreamFlags.Discarding)
            || !(isReliable ? IsNext(connection, stream, frame.Head, number, length) : MayTake(connection, receive, number, length))
            || (MessageHead.IsProbabilistic(form) && !(ProbabilisticReceiver.IsPlace(place, number) && probabilistic.IsAhead(connection, stream, number)))
            || _store.Chunks.FreeCount < frame.Payload.Length || _inbound.FreeCount == 0)
        {
            return false;
        }

        if (MessageHead.IsProbabilistic(form))
        {
            probabilistic.OnAhead(connection, stream, number);
        }

        int created;
        if (frame.Payload.Length == 1)
        {
            _frames.Adopt(frame.Payload[0], connection.Memory);
            messages.TryCreateWhole(number, frame.Payload[0], hasNumber, out created);
        }
        else
        {
            messages.TryCreate(number, length, hasNumber, out created);
            Keep(connection, ref _inbound[created], frame.Payload);
        }

        receive.Next++;
        if (form == MessageForm.Grouped)
        {
            probabilistic.KeepForGroup(connection, index, number, place, _inbound[created]);
        }

        receive.Buffered += length;
        connection.ReadyBytes += length;
        messages.AddReady(ref receive, created);
        state.Events.Raise(index, StreamEvents.Readable);
        if (isReliable)
        {
            receive.FinalSize = Math.Max(receive.FinalSize, receive.Next);
            MessageReceiver.Charge(connection, ref stream, (uint)length);
        }

        return true;
    }

    /// <summary>Takes a repair in. False: something forbids it, and nothing was done.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">The stream.</param>
    /// <param name="frame">The packet, whose slices can be adopted.</param>
    /// <param name="length">Bytes in the slices.</param>
    public bool TryTakeRepair(Connection connection, int index, in LinkFrame frame, int length)
    {
        if (!RepairFrame.TryRead(frame.Head[PacketHeader.Size..], out RepairFrame repair, out _) || !probabilistic.MayTake(_streams[index], repair))
        {
            return false;
        }

        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            bool isRegistered = _frames.TryTake(slice);
            Invariant.Check(isRegistered, "Slices that can be adopted lie in registered frames.");
        }

        ReceiveOutcome outcome = probabilistic.OnRepair(connection, index, repair, new InboundPayload([], PayloadSlice.NoFrame, 0, frame.Payload, length));
        Invariant.Check(outcome.Violation == ReasonCode.None && !outcome.IsDropped, "A repair that violates nothing is accepted.");
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            _frames.Release(slice.Frame);
        }

        return true;
    }

    private void Keep(Connection connection, ref InboundMessage message, ReadOnlySpan<PayloadSlice> payload)
    {
        ulong position = 0;
        foreach (ref readonly PayloadSlice slice in payload)
        {
            _frames.Adopt(slice, connection.Memory);
            _store.TryLink(ref message.Content, slice, position);
            position += (uint)slice.Length;
        }

        messages.Close(ref message);
    }

    /// <summary>Whether it is the whole message that comes next, and nobody has seen anything of it or behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsNext(Connection connection, in StreamState stream, ReadOnlySpan<byte> head, ulong number, int length)
    {
        ref readonly ReceiveHalf receive = ref stream.Receive;
        return number == receive.Next && number < receive.Window.Limit && receive.PendingCount == 0 && receive.Arrived.Count == 0
            && !stream.Has(StreamFlags.FinalSizeKnown)
            && MessageHead.IsWhole(head, length) && length <= connection.ReceivedMessageMax
            && connection.Received + (uint)length <= connection.Window.Limit;
    }

    /// <summary>Whether a message that is sent once finds memory without another making room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayTake(Connection connection, in ReceiveHalf receive, ulong number, int length) =>
        number <= WireLimits.PositionMax && (long)receive.Buffered + length <= connection.Config.DatagramBuffer && state.MayTakeAhead(connection);
}
