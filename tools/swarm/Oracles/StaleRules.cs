using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Oracles;

/// <summary>A handle of a stream that is gone answers Closed to everything, and reaches nothing.</summary>
internal static class StaleRules
{
    public static void Check(in StreamHandle stream)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<PayloadSlice> slices = stackalloc PayloadSlice[1];
        bool isSilent = stream.Id == StreamId.ConnectionControl && !stream.IsReadable
            && stream.Send(bytes).Status == CallStatus.Closed
            && stream.SendZeroCopy([]).Status == CallStatus.Closed
            && stream.Receive(bytes).Status == CallStatus.Closed
            && stream.ReceiveZeroCopy(slices).Status == CallStatus.Closed
            && stream.TryLease(out _) == CallStatus.Closed
            && stream.Finish() == CallStatus.Closed
            && stream.Close() == CallStatus.Closed
            && stream.Reset(ReasonCode.ApplicationBase) == CallStatus.Closed
            && stream.Statistics == default;
        if (!isSilent)
        {
            throw new SwarmFailureException("handles have generations", "a handle of a stream that is gone still does something");
        }
    }
}
