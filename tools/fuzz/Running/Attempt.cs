namespace NexStream.Tools.Fuzz.Running;

/// <summary>Runs inputs, and catches whatever they make of the target.</summary>
internal static class Attempt
{
    // Whatever is thrown is what is looked for.
#pragma warning disable CA1031
    /// <summary>Runs one input after those before it. Null: nothing failed. After a failure the target has to be reset.</summary>
    public static Exception? Run(IFuzzTarget target, ReadOnlySpan<byte> input)
    {
        try
        {
            target.Run(input);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }
#pragma warning restore CA1031

    /// <summary>Runs inputs one after another from a reset on. Null: none failed.</summary>
    public static Exception? RunAll(IFuzzTarget target, IEnumerable<byte[]> inputs)
    {
        target.Reset();
        return inputs.Select(input => Run(target, input)).FirstOrDefault(failure => failure is not null);
    }

    /// <summary>Whether one of them fails.</summary>
    public static bool Fails(IFuzzTarget target, IEnumerable<byte[]> inputs) => RunAll(target, inputs) is not null;
}
