using NexStream.Core.Primitives;

namespace NexStream.Driver.Idle;

/// <summary>Lets other threads that are ready run, and comes back at once when there are none.</summary>
public readonly struct YieldingIdleStrategy : IIdleStrategy
{
    /// <inheritdoc />
    public void Reset()
    {
    }

    /// <inheritdoc />
    public void Idle(EndpointDriver driver, Instant now) => Thread.Yield();
}
