using NexStream.Core.Primitives;

namespace NexStream.Tool.Output;

/// <summary>Nobody looks: the output is no terminal, or is for a program.</summary>
internal sealed class NoProgress : IProgressView
{
    public static NoProgress Instance { get; } = new();

    public bool IsDue(Instant now) => false;

    public int Add(string name) => 0;

    public void Report(int bar, double share)
    {
        // There is nothing to show it on.
    }

    public void Remove(int bar)
    {
        // There is none.
    }
}
