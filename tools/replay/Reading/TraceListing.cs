using NexStream.Replay.Text;

namespace NexStream.Replay.Reading;

/// <summary>Lists calls for people.</summary>
public static class TraceListing
{
    /// <summary>Writes a line for the endpoint and for each call, and under it what it gave back, as far as the trace has it.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="output">Where the lines go.</param>
    /// <param name="from">The first call.</param>
    /// <param name="count">How many.</param>
    /// <param name="suppliers">What the trace only names; null: nothing.</param>
    /// <returns>Why the trace ended before its file did; null: it did not, or was not read so far.</returns>
    /// <exception cref="TraceException">It is no trace.</exception>
    public static string? Write(Stream source, TextWriter output, long from, long count, Suppliers? suppliers = null)
    {
        var reader = new TraceReader(source, suppliers);
        output.WriteLine(reader.Setup);
        for (long left = count; left > 0 && reader.TryRead(out TraceStep step);)
        {
            if (step.Number < from)
            {
                continue;
            }

            left--;
            output.WriteLine($"{step.Number,9}  {step.Input.Text}");
            if (OutcomeText.Recorded(step) is { } outcome)
            {
                output.WriteLine($"           -> {outcome}");
            }
        }

        return reader.Damage;
    }
}
