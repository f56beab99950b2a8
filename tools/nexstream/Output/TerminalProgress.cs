using NexStream.Core.Primitives;
using Spectre.Console;

namespace NexStream.Tool.Output;

/// <summary>Bars on the terminal's error stream, so that the result alone is on the output stream.</summary>
internal sealed class TerminalProgress : IProgressView
{
    /// <summary>Ten times a second: as fast as eyes follow.</summary>
    private const long IntervalNs = 100 * Instant.Millisecond;

    private readonly ProgressContext _context;
    private readonly List<ProgressTask> _bars = [];
    private Instant _next;
    private Instant _last;

    private TerminalProgress(ProgressContext context) => _context = context;

    /// <summary>Runs work with bars on a terminal, or without where there is none.</summary>
    public static T Run<T>(bool isQuiet, Func<IProgressView, T> work)
    {
        if (isQuiet || Console.IsErrorRedirected)
        {
            return work(NoProgress.Instance);
        }

        return Terminal.Error.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new TerminalProgress(context)));
    }

    public bool IsDue(Instant now)
    {
        // All bars of one moment are reported with the same instant.
        if (now == _last || now < _next)
        {
            return now == _last;
        }

        _last = now;
        _next = now + IntervalNs;
        return true;
    }

    public int Add(string name)
    {
        _bars.Add(_context.AddTask(Markup.Escape(name), maxValue: 1));
        return _bars.Count - 1;
    }

    public void Report(int bar, double share) => _bars[bar].Value = share;

    public void Remove(int bar)
    {
        _bars[bar].StopTask();
        _context.Refresh();
    }
}
