using NexStream.Core.Primitives;

namespace NexStream.Tool.Output;

/// <summary>Shows how far work is, where somebody looks.</summary>
internal interface IProgressView
{
    /// <summary>Whether anything would be shown: false lets the caller skip the work of finding out.</summary>
    bool IsDue(Instant now);

    /// <summary>Adds a bar and gives its number.</summary>
    int Add(string name);

    /// <summary>How far the work is, 0 to 1.</summary>
    void Report(int bar, double share);

    /// <summary>Takes a bar away.</summary>
    void Remove(int bar);
}
