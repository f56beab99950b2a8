using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Core.Config;

/// <summary>What a stream is. Both directions have the same mode and priority.</summary>
/// <param name="Mode">How it delivers.</param>
/// <param name="Priority">0 (lowest) to 15; a stream of priority p has weight p + 1.</param>
/// <param name="SequenceNumbers">BE only: whether each message carries its number, so that the reader can tell order and gaps (NS-BE-004).</param>
/// <param name="MaxAttempts">How often the same data may be lost before the stream ends; 0: what the connection says.</param>
/// <param name="Delivery">PR only: how likely messages of this side are delivered; null: each is sent once, whatever becomes of it.</param>
/// <param name="Path">
/// The id of the path that this side's data takes as long as that path carries data; null, and while it does not: whichever the connection's scheduler chooses.
/// </param>
public readonly record struct StreamConfig(
    TransportMode Mode, byte Priority = 8, bool SequenceNumbers = false, byte MaxAttempts = 0, ProbabilisticConfig? Delivery = null, byte? Path = null)
{
    internal void Validate()
    {
        Limit.Check((byte)Mode, (byte)TransportMode.ReliableOrdered, (byte)TransportMode.Probabilistic, nameof(Mode));
        Limit.Check(Priority, 0, LinkHeader.PriorityMax, nameof(Priority));
        Delivery?.Validate();
        if (Delivery is not null && Mode != TransportMode.Probabilistic)
        {
            throw new ArgumentException(
                $"{nameof(Delivery)} is set, and the stream is {Mode}: only {TransportMode.Probabilistic} delivers with a probability.", nameof(Delivery));
        }

        if (SequenceNumbers && Mode != TransportMode.BestEffort)
        {
            throw new ArgumentException(
                $"{nameof(SequenceNumbers)} is set, and the stream is {Mode}: only {TransportMode.BestEffort} has that choice, "
                + "because bytes have no numbers and the messages of the other modes always do.",
                nameof(SequenceNumbers));
        }
    }
}
