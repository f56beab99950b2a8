using NexStream.Core.Congestion;
using NexStream.Core.Multipath;
using NexStream.Core.Tracing;

namespace NexStream.Replay.Reading;

/// <summary>What a trace only names: who made up payloads, and congestion controllers that do not come with the library.</summary>
public sealed record Suppliers
{
    /// <summary>Makes a generator from its name and seed; null: it does not know the name. <see cref="WordPattern"/> is known without.</summary>
    public Func<string, ulong, IPayloadGenerator?> Generator { get; init; } = static (_, _) => null;

    /// <summary>The user's own congestion controllers.</summary>
    public IReadOnlyList<ICongestionControllerFactory> Controllers { get; init; } = [];

    /// <summary>The user's own path schedulers.</summary>
    public IReadOnlyList<IPathSchedulerFactory> Schedulers { get; init; } = [];

    internal IPayloadGenerator FindGenerator(string name, ulong seed) =>
        name == WordPattern.PatternName ? new WordPattern(seed)
        : Generator(name, seed)
            ?? throw new TraceException($"The payload comes from a generator \"{name}\", which is not known here.");

    internal ICongestionControllerFactory FindController(string name)
    {
        foreach (ICongestionControllerFactory own in Controllers)
        {
            if (own.Name == name)
            {
                return own;
            }
        }

        return CongestionControllers.TryGet(name, out ICongestionControllerFactory? factory) ? factory
            : throw new TraceException($"The endpoint had a congestion controller \"{name}\", which is not known here.");
    }

    internal IPathSchedulerFactory FindScheduler(string name)
    {
        foreach (IPathSchedulerFactory own in Schedulers)
        {
            if (own.Name == name)
            {
                return own;
            }
        }

        return PathSchedulers.TryGet(name, out IPathSchedulerFactory? factory) ? factory
            : throw new TraceException($"The endpoint had a path scheduler \"{name}\", which is not known here.");
    }
}
