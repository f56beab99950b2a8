using NexStream.Tools.Fuzz;

namespace NexStream.Tests.Fuzzing;

/// <summary>A target that does with each input what a test says.</summary>
internal sealed class PlantedTarget(Action<byte[], int> run) : IFuzzTarget
{
    private int _since;

    public string Name => "planted";

    public string Description => "does what a test says";

    public long DefaultIterations => 1;

    public int InputMax => 16;

    public int Generate(ref FuzzRandom random, Span<byte> input)
    {
        random.Fill(input[..8]);
        return 8;
    }

    public void Reset() => _since = 0;

    public void Run(ReadOnlySpan<byte> input) => run(input.ToArray(), ++_since);
}
