using NexStream.Tools.Fuzz.Targets;

namespace NexStream.Tools.Fuzz;

/// <summary>The targets that there are.</summary>
internal static class FuzzTargets
{
    /// <summary>A new one of each.</summary>
    public static IFuzzTarget[] Create() => [new FramesTarget(), new HeadersTarget(), new FecTarget(), new ConnectionTarget(), new PairTarget(), new TraceTarget()];

    /// <summary>A new target of that name; null: there is none.</summary>
    public static IFuzzTarget? Find(string name) => Array.Find(Create(), target => target.Name == name);
}
