using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Connections;
using NexStream.Core.Primitives;

namespace NexStream.Core.Tracing;

/// <summary>The calls of a stream's handle where they are recorded: apart, so that the handle's own methods stay as short as they are without.</summary>
internal static class RecordedCalls
{
    public static SendResult Send(StreamTrace trace, StreamCalls calls, in StreamHandle stream, ReadOnlySpan<byte> data, in SendOptions options)
    {
        trace.Send(stream, data, options);
        SendResult result = calls.Send(stream, data, options);
        trace.OnSent(result);
        return result;
    }

    public static CallStatus TryLease(StreamTrace trace, StreamCalls calls, in StreamHandle stream, out PayloadSlice slice)
    {
        trace.Lease(stream);
        CallStatus status = calls.TryLease(stream, out slice);
        trace.OnLeased(status, slice);
        return status;
    }

    public static SendResult SendZeroCopy(
        StreamTrace trace, StreamCalls calls, in StreamHandle stream, ReadOnlySpan<PayloadSlice> slices, in SendOptions options)
    {
        trace.SendZeroCopy(stream, slices, options);
        SendResult result = calls.SendZeroCopy(stream, slices, options);
        trace.OnSent(result);
        return result;
    }

    public static ReceiveResult Receive(StreamTrace trace, StreamCalls calls, in StreamHandle stream, Span<byte> destination)
    {
        trace.Read(stream, destination.Length);
        ReceiveResult result = calls.Receive(stream, destination);
        trace.OnRead(result, destination);
        return result;
    }

    public static ReceiveResult ReceiveZeroCopy(StreamTrace trace, StreamCalls calls, in StreamHandle stream, Span<PayloadSlice> destination)
    {
        trace.ReadZeroCopy(stream, destination.Length);
        ReceiveResult result = calls.ReceiveZeroCopy(stream, destination);
        trace.OnReadZeroCopy(result, destination);
        return result;
    }

    public static CallStatus SetDelivery(StreamTrace trace, StreamCalls calls, in StreamHandle stream, in ProbabilisticConfig config)
    {
        trace.SetDelivery(stream, config);
        return trace.OnDone(calls.SetDelivery(stream, config));
    }

    public static CallStatus Finish(StreamTrace trace, StreamCalls calls, in StreamHandle stream)
    {
        trace.Finish(stream);
        return trace.OnDone(calls.Finish(stream));
    }

    public static CallStatus Close(StreamTrace trace, StreamCalls calls, in StreamHandle stream)
    {
        trace.Close(stream);
        return trace.OnDone(calls.Close(stream));
    }

    public static CallStatus Reset(StreamTrace trace, StreamCalls calls, in StreamHandle stream, ReasonCode reason)
    {
        trace.Reset(stream, reason);
        return trace.OnDone(calls.Reset(stream, reason));
    }
}
