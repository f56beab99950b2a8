using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Replay.Editing;

/// <summary>How a minimisation went.</summary>
/// <param name="Before">Calls up to the failure.</param>
/// <param name="After">Calls that are left.</param>
/// <param name="Runs">Times that the endpoint was run.</param>
/// <param name="Failure">What still fails; null: the trace does not throw, and only what comes behind its first difference was left out.</param>
public sealed record MinimizeResult(long Before, long After, int Runs, FailureSignature? Failure);

/// <summary>
/// Finds a short trace that fails in the same way: leaves out halves, quarters and so on down to single calls, as long as what is left still fails (delta debugging, Zeller and
/// Hildebrandt 2002). What is left out changes what the others give back, so that nothing is compared meanwhile.
/// </summary>
public sealed class TraceMinimizer
{
    private readonly EndpointSetup _setup;
    private readonly Func<Exception?, bool> _fails;
    private readonly int _runsMax;
    private List<TraceInput> _inputs;
    private int _runs;

    private TraceMinimizer(EndpointSetup setup, List<TraceInput> inputs, Func<Exception?, bool> fails, int runsMax)
    {
        _setup = setup;
        _inputs = inputs;
        _fails = fails;
        _runsMax = runsMax;
    }

    /// <summary>Minimises a trace.</summary>
    /// <param name="source">The trace; it has to be seekable.</param>
    /// <param name="destination">Where the short one goes. Not written when the trace does not fail.</param>
    /// <param name="fails">Whether what a run throws at its end, or that it throws nothing, is the failure; null: the same type from the same method as the whole trace throws.</param>
    /// <param name="runsMax">Runs to spend, at most.</param>
    /// <param name="suppliers">What the trace only names; null: nothing.</param>
    /// <returns>How it went; null: the trace neither throws nor differs.</returns>
    /// <exception cref="TraceException">It is no trace.</exception>
    public static MinimizeResult? Run(Stream source, Stream destination, Func<Exception?, bool>? fails = null, int runsMax = 10_000, Suppliers? suppliers = null)
    {
        var reader = new TraceReader(source, suppliers);
        var inputs = new List<TraceInput>();
        while (reader.TryRead(out TraceStep step))
        {
            inputs.Add(step.Input);
        }

        Exception? thrown = Try(reader.Setup, inputs, out int used);
        if (thrown is null && fails is null)
        {
            return KeepDifference(source, destination, inputs.Count, suppliers);
        }

        FailureSignature? signature = thrown is null ? null : FailureSignature.Of(thrown);
        fails ??= other => other is not null && FailureSignature.Of(other) == signature;
        if (!fails(thrown))
        {
            return null;
        }

        var minimizer = new TraceMinimizer(reader.Setup, inputs[..used], fails, runsMax);
        minimizer.Shrink();
        long after = TraceEditor.Record(reader.Setup, minimizer._inputs, destination);
        return new MinimizeResult(used, after, minimizer._runs, signature);
    }

    /// <summary>A trace that differs does so because of everything before: only what comes behind can go.</summary>
    private static MinimizeResult? KeepDifference(Stream source, Stream destination, long before, Suppliers? suppliers)
    {
        source.Position = 0;
        ReplayResult result = Replayer.Run(source, suppliers);
        if (result.Verdict == ReplayVerdict.Identical)
        {
            return null;
        }

        source.Position = 0;
        return new MinimizeResult(before, TraceEditor.CopyFirst(source, result.At!.Value + 1, destination, suppliers), 1, null);
    }

    private static Exception? Try(EndpointSetup setup, List<TraceInput> inputs, out int used)
    {
        using var host = new ReplayHost(setup, isLoose: true);
        for (used = 0; used < inputs.Count;)
        {
            if (Replayer.TryApply(host, inputs[used++]) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    private void Shrink()
    {
        for (int size = Math.Max(_inputs.Count / 2, 1); size > 0 && _runs < _runsMax;)
        {
            bool isShorter = false;

            // From the end: what comes late depends on what comes early, and seldom the other way round.
            for (int from = _inputs.Count - size; from > -size && _runs < _runsMax; from -= size)
            {
                isShorter |= TryWithout(Math.Max(from, 0), Math.Min(size, size + from));
            }

            if (!isShorter || size > 1)
            {
                size = size == 1 ? 0 : size / 2;
            }
        }
    }

    private bool TryWithout(int from, int count)
    {
        if (count <= 0 || from + count > _inputs.Count)
        {
            return false;
        }

        List<TraceInput> candidate = [.. _inputs[..from], .. _inputs[(from + count)..]];
        _runs++;
        if (!_fails(Try(_setup, candidate, out int used)))
        {
            return false;
        }

        _inputs = candidate[..used];
        return true;
    }
}
