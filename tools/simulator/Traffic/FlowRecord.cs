using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Traffic;

/// <summary>A connection of the scenario: its streams, and what it has come to.</summary>
internal sealed class FlowRecord(FlowSpec spec, int index)
{
    /// <summary>One broken guarantee is enough: the rest is only counted.</summary>
    private const int ViolationsMax = 20;

    private readonly PathStatistics[] _paths = new PathStatistics[Core.Multipath.PathView.SlotCount];

    public FlowSpec Spec { get; } = spec;

    public int Index { get; } = index;

    public IReadOnlyList<StreamRecord> Streams { get; } = [.. spec.Streams.Select((s, i) => new StreamRecord(s, i))];

    public long StartAt { get; } = (long)Math.Round(spec.StartS * Instant.Second);

    public Host Client { get; set; } = null!;

    public Host Server { get; set; } = null!;

    /// <summary>The client's connection.</summary>
    public ConnectionHandle Connection { get; set; }

    /// <summary>When the last finite stream was complete; null: not yet, or there is none.</summary>
    public long? CompletedAt { get; set; }

    /// <summary>What each of the client's paths had done when the connection was last alive, path 0 in front.</summary>
    public ReadOnlySpan<PathStatistics> Paths => _paths.AsSpan(0, PathCount);

    /// <summary>Guarantees that were broken.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>What the connection had done when it was last alive.</summary>
    public ConnectionStatistics LastStatistics { get; private set; }

    private int PathCount { get; set; }

    public bool IsFinite => Spec.Streams.All(s => s.Bytes is not null);

    public long DeliveredBytes => Streams.Sum(s => s.DeliveredBytes);

    /// <summary>What the client's connection has done.</summary>
    public ConnectionStatistics Statistics()
    {
        if (Connection.IsAlive)
        {
            LastStatistics = Connection.Statistics;
            PathCount = 0;
            while (Connection.TryGetPathAt(PathCount, out PathStatistics path))
            {
                _paths[PathCount++] = path;
            }
        }

        return LastStatistics;
    }

    /// <summary>The connection ended at one side. A flow that is done may fall asleep, as it does where others take longer.</summary>
    public void End(string side, ReasonCode reason)
    {
        if (CompletedAt is null || reason != ReasonCode.IdleTimeout)
        {
            Violate($"{side} ended: {reason}");
        }
    }

    public void Violate(StreamRecord stream, string what) => Violate($"stream {stream.Index} ({stream.Spec.Mode}): {what}");

    public void Violate(string what)
    {
        if (Violations.Count < ViolationsMax)
        {
            Violations.Add($"flow {Index}: {what}");
        }
    }
}
