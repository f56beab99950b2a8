using NexStream.Core.Buffers;
using NexStream.Core.State;

namespace NexStream.Core.Modes;

/// <summary>
/// Hands received payload over where it lies, with its references (NS-NF-007). Credit goes back at once, as if the bytes were copied out: what bounds
/// an application that keeps them is the connection's share of frames, which they stay charged to until they are returned.
/// </summary>
internal sealed class ZeroCopyReceiver(EndpointState state, Loans loans, ReliableOrderedReceiver orderedReceiver, MessageReceiver messageReceiver)
{
    /// <summary>Bytes, or a message. There is something.</summary>
    public ReceiveResult Receive(Connection connection, int index, ref StreamState stream, Span<PayloadSlice> destination) =>
        stream.IsMessageMode ? ReceiveMessage(connection, index, ref stream, destination) : ReceiveBytes(connection, index, ref stream, destination);

    private ReceiveResult ReceiveBytes(Connection connection, int index, ref StreamState stream, Span<PayloadSlice> destination)
    {
        int taken = state.Store.Cut(ref stream.Receive.Ready, int.MaxValue, destination, out int count);
        loans.Lend(destination[..count]);
        orderedReceiver.OnTaken(connection, index, ref stream, taken);
        return new ReceiveResult { Status = CallStatus.Ok, Bytes = taken, Slices = count };
    }

    private ReceiveResult ReceiveMessage(Connection connection, int index, ref StreamState stream, Span<PayloadSlice> destination)
    {
        ref InboundMessage message = ref state.Inbound[stream.Receive.MessageHead];
        int count = message.IsWhole ? 1 : CountOf(message.Content);
        ReceiveResult result = MessageReceiver.Describe(message, count <= destination.Length) with { Slices = count };
        if (result.Status == CallStatus.Ok)
        {
            if (message.IsWhole)
            {
                destination[0] = message.Whole;
            }
            else
            {
                state.Store.Cut(ref message.Content, message.Length, destination, out count);
            }

            loans.Lend(destination[..count]);
            state.Inbound.Free(messageReceiver.Take(connection, index, ref stream, message));
        }

        return result;
    }

    private int CountOf(in ChunkList list)
    {
        int count = 0;
        for (int chunk = list.Head; chunk >= 0; chunk = state.Store.Chunks[chunk].Next)
        {
            count++;
        }

        return count;
    }
}
