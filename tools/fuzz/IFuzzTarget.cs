namespace NexStream.Tools.Fuzz;

/// <summary>
/// Something that bytes are thrown at. From <see cref="Reset"/> on, what happens depends on the inputs alone, so that a failure is shown again by the
/// inputs since then.
/// </summary>
internal interface IFuzzTarget
{
    /// <summary>What the command line calls it.</summary>
    string Name { get; }

    /// <summary>One line for the list of targets.</summary>
    string Description { get; }

    /// <summary>Iterations when the command line names none: some seconds' worth.</summary>
    long DefaultIterations { get; }

    /// <summary>The most bytes that an input of it has.</summary>
    int InputMax { get; }

    /// <summary>Makes an input of its own. Everything is drawn from <paramref name="random"/>.</summary>
    int Generate(ref FuzzRandom random, Span<byte> input);

    /// <summary>Changes an input of <paramref name="length"/> bytes where it lies, in a way that leaves it worth running; returns its new length.</summary>
    int Mutate(ref FuzzRandom random, Span<byte> input, int length) => Mutator.Apply(ref random, input, length);

    /// <summary>Forgets everything that earlier inputs left.</summary>
    void Reset()
    {
    }

    /// <summary>Runs one input from its beginning to its end. Any exception is a failure.</summary>
    void Run(ReadOnlySpan<byte> input);
}
