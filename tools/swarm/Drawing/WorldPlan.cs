using System.Globalization;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Drawing;

/// <summary>A whole world, as its seed draws it.</summary>
internal sealed record WorldPlan
{
    /// <summary>Beyond this a clock that jumps makes round trips and time-outs that have nothing to do with the network.</summary>
    public const long BigJumpNs = Instant.Second / 2;

    public required ulong Seed { get; init; }

    public required Feature Features { get; init; }

    public required IReadOnlyList<HostPlan> Hosts { get; init; }

    /// <summary>What the network does on its way w to the w-th node of host j, from host i: at (w times the number of hosts, plus i) times that number, plus j.</summary>
    public required IReadOnlyList<LinkPlan> Links { get; init; }

    /// <summary>How long it is left to chance, and how many turns of hosts at most, before it heals.</summary>
    public required long ChaosNs { get; init; }

    public required int TurnsMax { get; init; }

    /// <summary>How far a clock may jump.</summary>
    public required long JumpMaxNs { get; init; }

    /// <summary>Acts of each application before it only finishes what it began.</summary>
    public required int ActsMax { get; init; }

    /// <summary>Streams that each side may open, and bytes that each stream may be given.</summary>
    public required int StreamsMax { get; init; }

    public required int BytesMax { get; init; }

    public bool Has(Feature feature) => (Features & feature) != 0;

    /// <summary>
    /// Whether what one endpoint believes of another can be relied on: not where a node comes back with the key that it had, whose tags name other connections now.
    /// </summary>
    public bool IsTrusted => !Has(Feature.Crashes) || !Has(Feature.SameKey);

    /// <summary>Whether what can be finished is finished in good time once the network is well.</summary>
    public bool IsTimely => !Has(Feature.ClockJumps) || JumpMaxNs <= BigJumpNs;

    /// <summary>For people who look at a seed that failed.</summary>
    public string Describe()
    {
        var text = new System.Text.StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"world {Seed}: {Hosts.Count} hosts, {ChaosNs / 1e9:F3} s of chaos, at most {TurnsMax} turns and {ActsMax} acts each");
        text.AppendLine(CultureInfo.InvariantCulture, $"features: {Features}");
        for (int i = 0; i < Hosts.Count; i++)
        {
            HostPlan host = Hosts[i];
            text.AppendLine(CultureInfo.InvariantCulture, $"host {i}: {host.FrameCount} frames of {host.FrameSize}, polled every {host.PollNs} ns, acts every {host.ActNs} ns, reads after {host.ReadNs} ns ({host.ReadsAtAll}), link holds {host.HoldNs} ns");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {ConfigText.Of(host.Config)}");
        }

        for (int i = 0; i < Links.Count; i++)
        {
            int from = i / Hosts.Count % Hosts.Count;
            if (from != i % Hosts.Count)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"link {from} to {i % Hosts.Count} on way {i / Hosts.Count / Hosts.Count}: {Links[i]}");
            }
        }

        return text.ToString();
    }
}
