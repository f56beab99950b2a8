namespace NexStream.Tools.Fuzz.Running;

/// <summary>Notices an input that does not come to its end. It looks now and then, so an input may take up to twice as long as it should.</summary>
internal sealed class Watchdog : IDisposable
{
    private readonly Timer _timer;
    private readonly Action _onHang;
    private long _iteration;
    private long _seen = -1;

    /// <summary>Begins to look.</summary>
    /// <param name="patience">How long one input may take.</param>
    /// <param name="onHang">Called on another thread, once for each input that takes longer.</param>
    public Watchdog(TimeSpan patience, Action onHang)
    {
        _onHang = onHang;
        _timer = new Timer(_ => Look(), null, patience, patience);
    }

    /// <summary>The next input begins.</summary>
    public void Next() => Volatile.Write(ref _iteration, _iteration + 1);

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long iteration = Volatile.Read(ref _iteration);
        if (iteration == _seen)
        {
            _onHang();
        }

        _seen = iteration;
    }
}
