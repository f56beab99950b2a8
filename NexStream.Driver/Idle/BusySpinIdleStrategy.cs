using NexStream.Core.Primitives;

namespace NexStream.Driver.Idle;

/// <summary>Never rests: the lowest latency, for a core that has nothing else to do.</summary>
public readonly struct BusySpinIdleStrategy : IIdleStrategy
{
    /// <summary>The processor's hint for a spinning loop, about 40 ns: it leaves the core's execution units to its sibling thread.</summary>
    private const int Spins = 1;

    /// <inheritdoc />
    public void Reset()
    {
    }

    /// <inheritdoc />
    public void Idle(EndpointDriver driver, Instant now) => Thread.SpinWait(Spins);
}
