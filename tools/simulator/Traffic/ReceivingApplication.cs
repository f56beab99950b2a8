using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;

namespace NexStream.Simulator.Traffic;

/// <summary>The server of a flow: reads at once, compares every byte, and notes what a mode's guarantee forbids.</summary>
internal sealed class ReceivingApplication(FlowRecord flow, Pattern pattern, SendingApplication sender) : IApplication
{
    private readonly byte[] _buffer = new byte[Pattern.LengthMax];

    public long DueAt => Actor.Never;

    public void Act(long now)
    {
        // It only reacts.
    }

    public void OnEvent(in EndpointEvent item, long now)
    {
        switch (item.Kind)
        {
            case EventKind.StreamReadable when sender.Find(item.Stream.Id) is { } stream:
                Read(stream, item.Stream, now);
                break;
            case EventKind.StreamReset when sender.Find(item.Stream.Id) is { IsComplete: false } stream:
                flow.Violate(stream, $"it was reset: {item.Reason}");
                break;
            case EventKind.ConnectionClosed:
                flow.End("the server's connection", item.Reason);
                break;
            default:
                break;
        }
    }

    private void Read(StreamRecord stream, StreamHandle handle, long now)
    {
        stream.Recovered = (long)(handle.Statistics.Delivery?.ArrivedRecovered ?? 0);
        while (true)
        {
            ReceiveResult result = handle.Receive(_buffer);
            if (result.Status == CallStatus.EndOfStream)
            {
                Complete(stream, now);
                handle.Close();
                return;
            }

            if (result.Status != CallStatus.Ok)
            {
                return;
            }

            if (stream.Mode == TransportMode.ReliableOrdered)
            {
                CheckBytes(stream, result.Bytes);
            }
            else
            {
                CheckMessage(stream, result.Bytes);
            }
        }
    }

    private void CheckBytes(StreamRecord stream, int length)
    {
        bool isSent = stream.Delivered + length <= stream.Sent;
        if (!isSent || !_buffer.AsSpan(0, length).SequenceEqual(pattern.At(stream.Delivered, length)))
        {
            stream.Corrupted += length;
            flow.Violate(stream, $"the {length} bytes from {stream.Delivered} on are not those that were sent");
        }
        else
        {
            stream.DeliveredBytes += length;
        }

        stream.Delivered += length;
    }

    private void CheckMessage(StreamRecord stream, int length)
    {
        // A message that was cut short has the right bytes, but too few.
        if (!pattern.TryReadMessage(_buffer.AsSpan(0, length), out long number) || number >= stream.Sent || length != stream.LengthOf(number))
        {
            stream.Corrupted++;
            flow.Violate(stream, "a message is not one that was sent");
            return;
        }

        if (!stream.TryMarkSeen(number))
        {
            stream.Duplicated++;
            flow.Violate(stream, $"message {number} came twice");
            return;
        }

        stream.Delivered++;
        stream.DeliveredBytes += length;
        stream.OutOfOrder += number < stream.HighestMessage ? 1 : 0;
        stream.HighestMessage = Math.Max(stream.HighestMessage, number);
    }

    private void Complete(StreamRecord stream, long now)
    {
        if (stream.IsComplete)
        {
            return;
        }

        stream.IsComplete = true;
        stream.CountExpired();
        long missing = stream.Sent - stream.Delivered;
        long allowed = stream.Mode switch
        {
            TransportMode.BestEffort or TransportMode.Probabilistic => stream.Sent,
            TransportMode.ReliableUnordered => stream.Expired,
            _ => 0,
        };
        if (missing > allowed)
        {
            flow.Violate(stream, $"{missing} of {stream.Sent} did not arrive, though the stream ended");
        }

        if (!stream.IsSent)
        {
            flow.Violate(stream, "it ended at the receiver before everything was sent");
        }

        if (flow.IsFinite && flow.Streams.All(s => s.IsComplete))
        {
            flow.CompletedAt = now;
        }
    }
}
