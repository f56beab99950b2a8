namespace NexStream.Tools.Fuzz;

/// <summary>
/// Something that bytes are thrown at. <see cref="Run"/> is a pure function of its input, so that a failure is reproduced by its input
/// alone, and so that a coverage-guided fuzzer can call it as it is.
/// </summary>
internal interface IFuzzTarget
{
    /// <summary>What the command line calls it.</summary>
    string Name { get; }

    /// <summary>One line for the list of targets.</summary>
    string Description { get; }

    /// <summary>Iterations when the command line names none: some seconds' worth.</summary>
    long DefaultIterations { get; }

    /// <summary>Makes an input. Everything is drawn from <paramref name="random"/>.</summary>
    int Generate(ref FuzzRandom random, Span<byte> input);

    /// <summary>Runs one input. Any exception is a failure.</summary>
    void Run(ReadOnlySpan<byte> input);
}
