using NexStream.Core.Primitives;

namespace NexStream.Driver;

/// <summary>How the driver's thread sleeps, and how others wake it: nothing that was left for it before the call is overslept.</summary>
internal sealed class Sleeper : IDisposable
{
    /// <summary>Nobody else can wake a driver without links, but an event is how a thread rests.</summary>
    private readonly AutoResetEvent _rest = new(false);

    private readonly Lock _lock = new();
    private LinkPort? _sleepsOn;
    private bool _isResting;

    /// <summary>Somebody called since the last sleep began, or since it ended: there may be something to do.</summary>
    private bool _isWoken;

    /// <summary>Sleeps on a link, or without one; not at all when somebody called since the last sleep.</summary>
    public void Sleep(LinkPort? port, long timeoutNs)
    {
        lock (_lock)
        {
            if (_isWoken)
            {
                _isWoken = false;
                return;
            }

            _sleepsOn = port;
            _isResting = port is null;
        }

        if (port is not null)
        {
            port.Wait(timeoutNs);
        }
        else
        {
            Rest(timeoutNs);
        }

        lock (_lock)
        {
            _sleepsOn = null;
            _isResting = false;
            _isWoken = false;
        }
    }

    /// <summary>Any thread.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_isWoken)
            {
                return;
            }

            _isWoken = true;
            _sleepsOn?.Wake();
            if (_isResting)
            {
                _rest.Set();
            }
        }
    }

    public void Dispose() => _rest.Dispose();

    private void Rest(long timeoutNs)
    {
        long timeoutMs = timeoutNs / Instant.Millisecond;
        if (timeoutMs == 0)
        {
            Thread.Yield();
        }
        else
        {
            _rest.WaitOne((int)Math.Min(timeoutMs, int.MaxValue));
        }
    }
}
