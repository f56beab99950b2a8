using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
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
    ZeroCopySender zeroCopySender,
    ZeroCopyReceiver zeroCopyReceiver,
    ProbabilisticSender probabilisticSender,
    CloseSequence closing)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Connection[] _connections = state.Connections;
    private readonly StarvedStreams _starved = state.Starved;

    public uint IdOf(in StreamHandle handle) => IsCurrent(handle) ? state.Streams[handle.Index].Id : StreamId.ConnectionControl;

    public int MessageLengthMaxOf(in StreamHandle handle)
    {
        ref StreamState stream = ref _streams[handle.Index];
        return IsCurrent(handle, stream) && stream.IsMessageMode ? messageSender.MessageLengthMax(_connections[stream.Connection], stream) : 0;
    }

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
        int index = handle.Index;
        ref StreamState stream = ref _streams[index];
        Connection connection = _connections[stream.Connection];
        if (!CanSend(handle, stream, connection))
        {
            return new SendResult(CallStatus.Closed);
        }

        return stream.Mode == TransportMode.ReliableOrdered
            ? orderedSender.Send(connection, index, ref stream, data, options)
            : messageSender.Send(connection, index, ref stream, data, options);
    }

    public CallStatus TryLease(in StreamHandle handle, out PayloadSlice slice)
    {
        ref StreamState stream = ref _streams[handle.Index];
        Connection connection = _connections[stream.Connection];
        slice = default;
        return CanSend(handle, stream, connection) ? zeroCopySender.TryLease(connection, handle.Index, ref stream, out slice) : CallStatus.Closed;
    }

    public SendResult SendZeroCopy(in StreamHandle handle, ReadOnlySpan<PayloadSlice> slices, in SendOptions options)
    {
        ref StreamState stream = ref _streams[handle.Index];
        Connection connection = _connections[stream.Connection];
        return CanSend(handle, stream, connection)
            ? zeroCopySender.Send(connection, handle.Index, ref stream, slices, options)
            : new SendResult(CallStatus.Closed);
    }

    public ReceiveResult Receive(in StreamHandle handle, Span<byte> destination)
    {
        int index = handle.Index;
        ref StreamState stream = ref _streams[index];
        if (stream.Receive.Ready.IsEmpty || !IsCurrent(handle, stream))
        {
            return ReceiveEnd(handle);
        }

        // What waits to be read is there only while the stream may be read: whatever ends that throws it away. Complete messages have the place of bytes in order.
        Connection connection = _connections[stream.Connection];
        ReceiveResult result = stream.Mode == TransportMode.ReliableOrdered
            ? new ReceiveResult(CallStatus.Ok, orderedReceiver.Read(connection, index, ref stream, destination))
            : messageReceiver.Read(connection, index, ref stream, destination);
        OnRead(connection);
        return result;
    }

    /// <summary>Why there is nothing to read.</summary>
    private ReceiveResult ReceiveEnd(in StreamHandle handle)
    {
        ref StreamState stream = ref _streams[handle.Index];
        if (!CanReceive(handle, stream, out ReceiveResult result))
        {
            return result;
        }

        result = lifecycle.ReadEnd(handle.Index);
        OnRead(_connections[stream.Connection]);
        return result;
    }

    public ReceiveResult ReceiveZeroCopy(in StreamHandle handle, Span<PayloadSlice> destination)
    {
        int index = handle.Index;
        ref StreamState stream = ref _streams[index];
        if (stream.Receive.Ready.IsEmpty || !IsCurrent(handle, stream))
        {
            return ReceiveEnd(handle);
        }

        Connection connection = _connections[stream.Connection];
        ReceiveResult result = zeroCopyReceiver.Receive(connection, index, ref stream, destination);
        OnRead(connection);
        return result;
    }

    public CallStatus SetDelivery(in StreamHandle handle, in ProbabilisticConfig config)
    {
        ref StreamState stream = ref state.Streams[handle.Index];
        if (!CanSend(handle, stream, state.Connections[stream.Connection]) || stream.Mode != TransportMode.Probabilistic)
        {
            return CallStatus.Closed;
        }

        DeliveryFeedback.Configure(ref state.Probabilistic[stream.Receive.Delivery].Sending, config);
        return CallStatus.Ok;
    }

    public CallStatus Finish(in StreamHandle handle)
    {
        if (!IsCurrent(handle) || !lifecycle.TryFinish(handle.Index))
        {
            return CallStatus.Closed;
        }

        probabilisticSender.CloseIfLast(handle.Index);
        return CallStatus.Ok;
    }

    public CallStatus Close(in StreamHandle handle)
    {
        if (!IsCurrent(handle))
        {
            return CallStatus.Closed;
        }

        Finish(handle);
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
            Expired = stream.IsMessageMode ? (uint)stream.Send.Expired : 0,
            Dropped = stream.Receive.Dropped,
            SendBuffered = stream.Send.Buffered,
            ReceiveBuffered = stream.Receive.Buffered,
            Delivery = stream.Mode == TransportMode.Probabilistic ? StatisticsOf(state.Probabilistic[stream.Receive.Delivery]) : null,
        };
    }

    private static DeliveryStatistics StatisticsOf(in ProbabilisticStream own) => new()
    {
        Thinned = own.Sending.Thinned,
        RepairsSent = own.Sending.RepairsSent,
        RepairsSkipped = own.Sending.RepairsSkipped,
        ReportedReceived = own.Sending.Estimate.Received,
        ReportedLost = own.Sending.Estimate.Lost,
        ReportedRecovered = own.Sending.Estimate.Recovered,
        PathLoss = own.Sending.Estimate.Path.Loss,
        PathMeanBurst = own.Sending.Estimate.Path.MeanBurst,
        PlannedOverhead = own.Sending.IsWanted ? own.Sending.Plan.Overhead : 0,
        ArrivedReceived = own.Receiving.Meter.Received,
        ArrivedLost = own.Receiving.Meter.Lost,
        ArrivedRecovered = own.Receiving.Meter.Recovered,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool CanSend(in StreamHandle handle, in StreamState stream, Connection connection) =>
        IsCurrent(handle, stream) && stream.SendState == SendState.Open && connection.IsOpen;

    /// <summary>Whether a stream can be read; else what a read answers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool CanReceive(in StreamHandle handle, in StreamState stream, out ReceiveResult result)
    {
        result = default;
        if (!IsCurrent(handle, stream))
        {
            result = new ReceiveResult { Status = CallStatus.Closed };
            return false;
        }

        if (stream.Has(StreamFlags.Discarding) || stream.ReceiveState is ReceiveState.ResetReceived or ReceiveState.Ended)
        {
            bool isReset = stream.ReceiveReason != ReasonCode.None;
            result = new ReceiveResult { Status = isReset ? CallStatus.Reset : CallStatus.Closed, Reason = stream.ReceiveReason };
            return false;
        }

        return true;
    }

    /// <summary>Something was read: that may be memory for others, and the last that a closing connection waited for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void OnRead(Connection connection)
    {
        _starved.Wake();
        if (connection.ClosePhase == ClosePhase.Readable)
        {
            closing.Step(connection, state.Now);
        }
    }

    /// <summary>A handle is of the stream that its slot holds now: a slot that is freed is another's from then on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsCurrent(in StreamHandle handle) => IsCurrent(handle, _streams[handle.Index]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsCurrent(in StreamHandle handle, in StreamState stream) =>
        stream.Generation == handle.Generation && !stream.Has(StreamFlags.Dead);
}
