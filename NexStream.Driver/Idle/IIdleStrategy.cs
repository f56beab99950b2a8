using NexStream.Core.Primitives;

namespace NexStream.Driver.Idle;

/// <summary>What a <see cref="DedicatedDriver"/> does when a turn found nothing to do: the trade between latency and the processor's time. A struct, so that the loop calls it directly.</summary>
public interface IIdleStrategy
{
    /// <summary>The last turn did something.</summary>
    void Reset();

    /// <summary>The last turn did nothing.</summary>
    /// <param name="driver">The driver, to sleep on.</param>
    /// <param name="now">When the turn began.</param>
    void Idle(EndpointDriver driver, Instant now);
}
