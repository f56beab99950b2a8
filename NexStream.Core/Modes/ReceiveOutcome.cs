using NexStream.Core.Primitives;

namespace NexStream.Core.Modes;

/// <summary>What came of received data.</summary>
/// <param name="IsDropped">There was no memory for it: the packet must not be acknowledged, so that it comes again.</param>
/// <param name="Violation">The peer broke a rule: the connection closes with this reason; <see cref="ReasonCode.None"/>: it did not.</param>
internal readonly record struct ReceiveOutcome(bool IsDropped, ReasonCode Violation)
{
    public static ReceiveOutcome Accepted => default;

    public static ReceiveOutcome Dropped => new(true, ReasonCode.None);

    public static ReceiveOutcome Violated(ReasonCode reason) => new(false, reason);
}
