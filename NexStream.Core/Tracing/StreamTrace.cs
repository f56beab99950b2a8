using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;

namespace NexStream.Core.Tracing;

/// <summary>Records the calls of connection and stream handles: a method before the call, and one with what it gave back.</summary>
internal sealed class StreamTrace(EndpointTrace calls, TraceWriter writer, PayloadTrace payloads, FrameTable frames, OutcomeTrace outcome)
{
    public const byte DeadlineOption = 1;
    public const byte ReportOption = 2;

    public void OpenStream(in ConnectionHandle connection, in StreamConfig config)
    {
        Begin(TraceOperation.OpenStream, connection);
        ConfigTrace.Write(writer, config);
    }

    public void OnOpened(CallStatus status, in StreamHandle stream)
    {
        outcome.Status(status);
        outcome.Handle(stream.Index, stream.Generation);
        calls.End();
    }

    /// <summary>A connection is closed or aborted.</summary>
    public void End(TraceOperation operation, in ConnectionHandle connection, Instant now, ReasonCode reason)
    {
        Begin(operation, connection);
        writer.Time(now);
        writer.Varint((uint)reason);
    }

    public void OpenPath(in ConnectionHandle connection, NodeId local, Instant now)
    {
        Begin(TraceOperation.OpenPath, connection);
        writer.Time(now);
        writer.Node(local);
    }

    public void OnPathOpened(CallStatus status, byte path)
    {
        outcome.Status(status);
        outcome.Path(path);
        calls.End();
    }

    public void ClosePath(in ConnectionHandle connection, byte path, Instant now)
    {
        Begin(TraceOperation.ClosePath, connection);
        writer.Time(now);
        writer.Byte(path);
    }

    public void SetPathWeight(in ConnectionHandle connection, byte path, byte weight)
    {
        Begin(TraceOperation.SetPathWeight, connection);
        writer.Byte(path);
        writer.Byte(weight);
    }

    public void Send(in StreamHandle stream, ReadOnlySpan<byte> data, in SendOptions options)
    {
        Begin(TraceOperation.Send, stream);
        WriteOptions(options);
        payloads.Write(data);
    }

    public void Lease(in StreamHandle stream) => Begin(TraceOperation.Lease, stream);

    public void OnLeased(CallStatus status, in PayloadSlice slice)
    {
        outcome.Status(status);
        outcome.Handle(slice.Offset, slice.Frame);
        calls.End();
    }

    public void SendZeroCopy(in StreamHandle stream, ReadOnlySpan<PayloadSlice> slices, in SendOptions options)
    {
        Begin(TraceOperation.SendZeroCopy, stream);
        WriteOptions(options);
        writer.Varint(slices.Length);
        foreach (ref readonly PayloadSlice slice in slices)
        {
            bool isInside = frames.Contains(slice);
            writer.Flag(isInside);
            writer.Slice(slice);
            if (isInside)
            {
                payloads.WriteContent(frames.Bytes(slice));
            }
        }
    }

    public void OnSent(in SendResult result)
    {
        outcome.Result(result);
        calls.End();
    }

    public void Read(in StreamHandle stream, int length)
    {
        Begin(TraceOperation.Read, stream);
        writer.Varint(length);
    }

    public void OnRead(in ReceiveResult result, ReadOnlySpan<byte> destination)
    {
        outcome.Result(result);
        if (result.Status == CallStatus.Ok)
        {
            outcome.Bytes(destination[..result.Bytes]);
        }

        calls.End();
    }

    public void ReadZeroCopy(in StreamHandle stream, int length)
    {
        Begin(TraceOperation.ReadZeroCopy, stream);
        writer.Varint(length);
    }

    public void OnReadZeroCopy(in ReceiveResult result, ReadOnlySpan<PayloadSlice> destination)
    {
        outcome.Result(result);
        if (result.Status == CallStatus.Ok)
        {
            outcome.Slices(destination[..result.Slices]);
        }

        calls.End();
    }

    public void SetDelivery(in StreamHandle stream, in ProbabilisticConfig config)
    {
        Begin(TraceOperation.SetDelivery, stream);
        ConfigTrace.Write(writer, config);
    }

    public void Finish(in StreamHandle stream) => Begin(TraceOperation.Finish, stream);

    public void Close(in StreamHandle stream) => Begin(TraceOperation.CloseStream, stream);

    public void Reset(in StreamHandle stream, ReasonCode reason)
    {
        Begin(TraceOperation.ResetStream, stream);
        writer.Varint((uint)reason);
    }

    /// <summary>A call that gives back how it ended, and nothing else.</summary>
    public CallStatus OnDone(CallStatus status)
    {
        outcome.Status(status);
        calls.End();
        return status;
    }

    private void Begin(TraceOperation operation, in StreamHandle stream)
    {
        calls.Begin(operation);
        writer.Handle(stream.Index, stream.Generation);
    }

    private void Begin(TraceOperation operation, in ConnectionHandle connection)
    {
        calls.Begin(operation);
        writer.Handle(connection.Index, connection.Generation);
    }

    private void WriteOptions(in SendOptions options)
    {
        bool hasDeadline = options.Deadline != default;
        writer.Byte((byte)((hasDeadline ? DeadlineOption : 0) | (options.Report ? ReportOption : 0)));
        writer.Byte(options.MaxAttempts);
        if (hasDeadline)
        {
            writer.Signed(options.Deadline.Nanoseconds);
        }
    }
}
