namespace NexStream.Tools.Fuzz.Running;

/// <summary>What a run of the fuzzer did.</summary>
/// <param name="Ok">Nothing failed.</param>
/// <param name="Target">The target's name.</param>
/// <param name="Seed">Where random choices began.</param>
/// <param name="Iterations">Inputs that were run.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="IterationsPerSecond">The quotient of the two.</param>
/// <param name="InputsKept">Inputs in the corpus at the end.</param>
/// <param name="Edges">Branches of the core that were reached, as AFL counts them; null: not measured.</param>
/// <param name="HeapGrowthBytes">How much larger the managed heap was at its largest than after the first inputs.</param>
/// <param name="Failure">What went wrong.</param>
/// <param name="Files">What was written about it.</param>
internal sealed record FuzzResult(
    bool Ok,
    string Target,
    ulong Seed,
    long Iterations,
    double Seconds,
    double IterationsPerSecond,
    int InputsKept,
    int? Edges,
    long HeapGrowthBytes,
    string? Failure,
    IReadOnlyList<string> Files);
