using NexStream.Core.Primitives;
using NexStream.Driver.Idle;
using NexStream.Driver.Threads;

namespace NexStream.Driver;

/// <summary>
/// A thread that turns a <see cref="EndpointDriver"/> without end: one reading of the clock, one turn, one call of the application, whose packets then leave, and a
/// rest when neither had anything to do. While it runs, the driver and its endpoint belong to that thread.
/// </summary>
public sealed class DedicatedDriver : IDisposable
{
    private readonly EndpointDriver _driver;
    private readonly IDriverApplication _application;
    private readonly ManualResetEventSlim _started = new();
    private readonly Thread _thread;
    private readonly int? _core;
    private volatile bool _stopping;

    private DedicatedDriver(EndpointDriver driver, IDriverApplication application, int? core, Func<DedicatedDriver, ThreadStart> loop)
    {
        _driver = driver;
        _application = application;
        _core = core;
        _thread = new Thread(loop(this)) { Name = "NexStream driver", IsBackground = true };
    }

    /// <summary>Whether the thread still turns.</summary>
    public bool IsRunning => _thread.IsAlive;

    /// <summary>Why the thread is not tied to the core that was asked for; null when it is, or none was.</summary>
    public string? PinningFailure { get; private set; }

    /// <summary>What the application threw: it has ended the loop. Null while nothing was; read it when <see cref="IsRunning"/> is false.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Starts the thread.</summary>
    /// <typeparam name="TIdle">The idle strategy: a struct, so that the loop is compiled for it.</typeparam>
    /// <param name="driver">The driver, whose owner remains the caller.</param>
    /// <param name="application">Called after every turn, on the thread.</param>
    /// <param name="idle">What to do when there is nothing to do.</param>
    /// <param name="core">The processor core to tie the thread to; null for none. That it cannot be tied is reported, and no error.</param>
    public static DedicatedDriver Start<TIdle>(EndpointDriver driver, IDriverApplication application, TIdle idle, int? core = null)
        where TIdle : struct, IIdleStrategy
    {
        ArgumentNullException.ThrowIfNull(driver);
        ArgumentNullException.ThrowIfNull(application);
        DedicatedDriver dedicated = new(driver, application, core, self => () => self.Run(idle));
        dedicated._thread.Start();
        dedicated._started.Wait();
        return dedicated;
    }

    /// <summary>Asks the thread to end after its turn. Returns at once; may be called by the application.</summary>
    public void Stop() => _stopping = true;

    /// <summary>Ends the thread and waits for it, unless it is the caller itself. The driver stays usable, from then on by the caller's thread.</summary>
    public void Dispose()
    {
        Stop();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
            _started.Dispose();
        }
    }

    private void Run<TIdle>(TIdle idle)
        where TIdle : struct, IIdleStrategy
    {
        PinningFailure = _core is { } core ? CoreAffinity.TryPin(core) : null;
        _started.Set();
        try
        {
            while (!_stopping)
            {
                Instant now = MonotonicClock.Now;
                bool worked = _driver.Poll(now);
                if (_application.OnTurn(now))
                {
                    worked = true;
                    _driver.Transmit(now);
                }

                if (worked)
                {
                    idle.Reset();
                }
                else
                {
                    idle.Idle(_driver, now);
                }
            }
        }
        catch (Exception failure)
        {
            // An exception that leaves a thread ends the process: whoever started this one shall decide.
            Failure = failure;
        }

        try
        {
            _application.OnEnd(Failure);
        }
        catch (Exception failure)
        {
            Failure ??= failure;
        }
    }
}
