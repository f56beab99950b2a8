using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Replay.Text;

namespace NexStream.Replay.Running;

/// <summary>Feeds a trace to a fresh endpoint and compares everything that this gives back, up to the first difference.</summary>
public static class Replayer
{
    /// <summary>Calls before and after the one that is different, which are shown with it.</summary>
    private const int ShownBefore = 10;
    private const int ShownAfter = 3;

    /// <summary>Replays a trace.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="suppliers">What the trace only names; null: nothing.</param>
    /// <exception cref="TraceException">It is no trace, or its beginning is damaged, or it needs something that is not known here.</exception>
    public static ReplayResult Run(Stream source, Suppliers? suppliers = null)
    {
        var reader = new TraceReader(source, suppliers);
        using ReplayHost host = Make(reader.Setup);
        var before = new Queue<TraceStep>(ShownBefore);
        long calls = 0;
        TraceStep? next = Next(reader);
        string? remark = null;
        while (next is { } step)
        {
            next = Next(reader);
            Exception? thrown = TryApply(host, step.Input);
            calls++;
            if (FaultOf(host, step, thrown, isLast: next is null) is { } fault)
            {
                bool isThrow = thrown is not null;
                return new ReplayResult
                {
                    Verdict = isThrow ? ReplayVerdict.Throws : ReplayVerdict.Differs,
                    Calls = calls,
                    At = step.Number,
                    Thrown = thrown,
                    Report = [.. Report(before, step, fault, next, reader)],
                    Damage = reader.Damage,
                };
            }

            remark = step.Outcome is null && host.HasAnswered ? $"When it was recorded, call {step.Number}, the last one, did not return; now it does." : null;
            if (before.Count == ShownBefore)
            {
                before.Dequeue();
            }

            before.Enqueue(step);
        }

        return new ReplayResult { Verdict = ReplayVerdict.Identical, Calls = calls, Damage = reader.Damage, Remark = remark };
    }

    /// <summary>The next call; null: there is none.</summary>
    internal static TraceStep? Next(TraceReader reader) => reader.TryRead(out TraceStep step) ? step : null;

    // Whatever is thrown is what is looked for.
#pragma warning disable CA1031
    internal static Exception? TryApply(ReplayHost host, TraceInput input)
    {
        try
        {
            host.Apply(input);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }
#pragma warning restore CA1031

    /// <summary>A fresh endpoint as the trace's was.</summary>
    /// <exception cref="TraceException">It cannot be made.</exception>
    internal static ReplayHost Make(EndpointSetup setup)
    {
        try
        {
            return new ReplayHost(setup);
        }
        catch (Exception failure) when (failure is ArgumentException or OutOfMemoryException)
        {
            throw new TraceException($"The trace's endpoint cannot be made: {failure.Message}");
        }
    }

    /// <summary>What is not as it was recorded; null: all is.</summary>
    internal static List<string>? FaultOf(ReplayHost host, TraceStep step, Exception? thrown, bool isLast)
    {
        if (thrown is not null)
        {
            // A call that always answers and did not had thrown then too, and the host went on: an application's mistake, refused as it should be.
            bool threwBefore = !isLast && step.Input.AlwaysAnswers && step.Outcome is null && thrown is ArgumentException or InvalidOperationException;
            return threwBefore ? null : [$"  recorded: {OutcomeText.Recorded(step) ?? "nothing"}", $"  now:      throws {thrown}"];
        }

        // The last call may have been cut off before its outcome was written.
        if (step.Outcome is null ? isLast || !host.HasAnswered : host.HasAnswered && host.Outcome.Hash == step.Outcome.Hash)
        {
            return null;
        }

        return [$"  recorded: {OutcomeText.Recorded(step) ?? "nothing"}", $"  now:      {(host.HasAnswered ? OutcomeText.Described(step.Input, host.Fields) : "nothing")}"];
    }

    private static IEnumerable<string> Report(Queue<TraceStep> before, TraceStep step, List<string> fault, TraceStep? next, TraceReader reader)
    {
        foreach (TraceStep earlier in before)
        {
            yield return $"{earlier.Number,9}  {earlier.Input.Text}";
        }

        yield return $"{step.Number,9}> {step.Input.Text}";
        foreach (string line in fault)
        {
            yield return line;
        }

        for (int i = 0; i < ShownAfter && next is not null; i++)
        {
            yield return $"{next.Number,9}  {next.Input.Text}";
            next = Next(reader);
        }
    }
}
