using System.Runtime.CompilerServices;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Stats;
using NexStream.Core.Streams;

namespace NexStream.Core.Connections;

/// <summary>What an application does with a stream: the calls behind <see cref="StreamHandle"/>. A stale handle does nothing.</summary>
internal sealed class StreamCalls(
    EndpointState state,
    StreamLifecycle lifecycle,
    ReliableOrderedSender orderedSender,
    ReliableOrderedReceiver orderedReceiver,
    MessageSender messageSender,
    MessageReceiver messageReceiver,
    CloseSequence closing)
{
    public uint IdOf(in StreamHandle handle) => IsCurrent(handle) ? state.Streams[handle.Index].Id : StreamId.ConnectionControl;

    public bool IsReadable(in StreamHandle handle)
    {
        if (!IsCurrent(handle))
        {
            return false;
        }

        ref StreamState stream = ref state.Streams[handle.Index];
        return !stream.Receive.Ready.IsEmpty || stream.ReceiveState == ReceiveState.DataReceived;
    }

    public SendResult Send(in StreamHandle handle, ReadOnlySpan<byte> data, in SendOptions options)
    {
        ref StreamState stream = ref state.Streams[handle.Index];
        Connection connection = state.Connections[stream.Connection];
        if (!IsCurrent(handle, stream) || stream.SendState != SendState.Open || !connection.IsOpen)
        {
            return new SendResult(CallStatus.Closed);
        }

        return stream.IsMessageMode
            ? messageSender.Send(handle.Index, data, options)
            : orderedSender.Send(connection, handle.Index, ref stream, data, options);
    }

    public ReceiveResult Receive(in StreamHandle handle, Span<byte> destination)
    {
        ref StreamState stream = ref state.Streams[handle.Index];
        if (!IsCurrent(handle, stream))
        {
            return new ReceiveResult { Status = CallStatus.Closed };
        }

        if (stream.Has(StreamFlags.Discarding) || stream.ReceiveState is ReceiveState.ResetReceived or ReceiveState.Ended)
        {
            bool isReset = stream.ReceiveReason != ReasonCode.None;
            return new ReceiveResult { Status = isReset ? CallStatus.Reset : CallStatus.Closed, Reason = stream.ReceiveReason };
        }

        Connection connection = state.Connections[stream.Connection];
        ReceiveResult result = stream.IsMessageMode ? messageReceiver.Read(handle.Index, destination) : orderedReceiver.Read(connection, handle.Index, ref stream, destination);
        state.Starved.Wake();
        if (connection.ClosePhase == ClosePhase.Readable)
        {
            closing.Step(connection, state.Now);
        }

        return result;
    }

    public CallStatus Finish(in StreamHandle handle) =>
        IsCurrent(handle) && lifecycle.TryFinish(handle.Index) ? CallStatus.Ok : CallStatus.Closed;

    public CallStatus Close(in StreamHandle handle)
    {
        if (!IsCurrent(handle))
        {
            return CallStatus.Closed;
        }

        lifecycle.TryFinish(handle.Index);
        lifecycle.StopReceiving(handle.Index, ReasonCode.None);
        return CallStatus.Ok;
    }

    public CallStatus Reset(in StreamHandle handle, ReasonCode reason)
    {
        if (!IsCurrent(handle))
        {
            return CallStatus.Closed;
        }

        lifecycle.TryResetSending(handle.Index, reason, tellApplication: false);
        lifecycle.StopReceiving(handle.Index, reason);
        return CallStatus.Ok;
    }

    public StreamStatistics StatisticsOf(in StreamHandle handle)
    {
        if (!IsCurrent(handle))
        {
            return default;
        }

        ref StreamState stream = ref state.Streams[handle.Index];
        ulong first = state.Connections[stream.Connection].Config.FirstSequence;
        return new StreamStatistics
        {
            Mode = stream.Mode,
            Sent = stream.Send.Window.Used - first,
            Queued = stream.Send.End - first,
            Received = stream.Receive.Window.Consumed - first,
            PacketsLost = stream.Send.PacketsLost,
            Retransmissions = stream.Send.Retransmissions,
            Expired = stream.Send.Expired,
            Dropped = stream.Receive.Dropped,
            SendBuffered = stream.Send.Buffered,
            ReceiveBuffered = stream.Receive.Buffered,
        };
    }

    /// <summary>A handle is of the stream that its slot holds now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsCurrent(in StreamHandle handle) => IsCurrent(handle, state.Streams[handle.Index]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsCurrent(in StreamHandle handle, in StreamState stream) =>
        stream.Generation == handle.Generation && stream.Id != StreamId.ConnectionControl && !stream.Has(StreamFlags.Dead);
}
