using NexStream.Core.Primitives;

namespace NexStream.Driver.Idle;

/// <summary>
/// Spins, then yields, then sleeps on a link for longer and longer, as Agrona's BackoffIdleStrategy does and with its bounds. Traffic, a dead peer,
/// a due timer and <see cref="EndpointDriver.Wake"/> end a sleep early.
/// </summary>
public struct BackoffIdleStrategy : IIdleStrategy
{
    private const int SpinsMax = 10;
    private const int YieldsMax = 5;
    private const long SleepMinNs = Instant.Microsecond;
    private const long SleepMaxNs = Instant.Millisecond;

    private int _idleTurns;
    private long _sleepNs;

    /// <inheritdoc />
    public void Reset() => _idleTurns = 0;

    /// <inheritdoc />
    public void Idle(EndpointDriver driver, Instant now)
    {
        ArgumentNullException.ThrowIfNull(driver);
        if (_idleTurns < SpinsMax)
        {
            _idleTurns++;
            Thread.SpinWait(1);
        }
        else if (_idleTurns < SpinsMax + YieldsMax)
        {
            _idleTurns++;
            _sleepNs = SleepMinNs;
            Thread.Yield();
        }
        else
        {
            driver.Wait(now, _sleepNs);
            _sleepNs = Math.Min(_sleepNs * 2, SleepMaxNs);
        }
    }
}
