using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// The common packet of the modes that keep messages whole, on its way in: a message of Best-Effort, or the next of Reliable-Unordered with nothing missing before it.
/// <see cref="PredictedReceive"/> has looked at the packet; here is what the stream's mode makes of it, as <see cref="Modes.MessageReceiver"/> does in more steps.
/// </summary>
internal sealed class PredictedMessages(EndpointState state, InboundMessages messages)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<InboundMessage> _inbound = state.Inbound;
    private readonly FrameTable _frames = state.Frames;
    private readonly PayloadStore _store = state.Store;

    /// <summary>Takes the message in. False: it is not the one, or something forbids it, and nothing was done.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="index">The stream.</param>
    /// <param name="frame">The packet, whose slices can be adopted.</param>
    /// <param name="mode">The mode that its head names.</param>
    /// <param name="hasNumber">Whether the message's number is in the head.</param>
    /// <param name="length">Bytes in the slices.</param>
    public bool TryTake(Connection connection, int index, in LinkFrame frame, TransportMode mode, bool hasNumber, int length)
    {
        ref StreamState stream = ref _streams[index];
        ref ReceiveHalf receive = ref stream.Receive;
        bool isReliable = mode == TransportMode.ReliableUnordered;
        ulong number = hasNumber ? MessageHead.NumberIn(frame.Head) : 0;
        if (stream.Mode != mode || stream.ReceiveState != ReceiveState.Open || stream.Has(StreamFlags.Discarding)
            || !(isReliable ? IsNext(connection, stream, frame.Head, number, length) : MayTake(connection, receive, number, length))
            || _store.Chunks.FreeCount < frame.Payload.Length || _inbound.FreeCount == 0)
        {
            return false;
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
        receive.Buffered += length;
        connection.ReadyBytes += length;
        messages.AddReady(ref receive, created);
        state.Events.Raise(index, StreamEvents.Readable);
        if (isReliable)
        {
            receive.FinalSize = Math.Max(receive.FinalSize, receive.Next);
            receive.Highest += (uint)length;
            connection.Received += (uint)length;
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
        number <= WireLimits.PositionMax && receive.Buffered + length <= connection.Config.DatagramBuffer && state.MayTakeAhead(connection);
}
