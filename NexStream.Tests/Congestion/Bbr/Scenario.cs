using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>One BBR flow over one bottleneck: 100 Mbit/s, 40 ms, a deep queue, unless said otherwise.</summary>
internal sealed class Scenario
{
    public const long StepMaxNs = 30 * Instant.Second;

    public Scenario(long megabits = 100, long rttMs = 40, double queueBdps = 4, long pollNs = 0)
    {
        Link = new Bottleneck { Rate = megabits * 125_000, RttNs = rttMs * Instant.Millisecond };
        Link.QueueLimit = Math.Max((long)(queueBdps * Link.Bdp), 8 * 1500);
        Flow = new Flow(Link) { PollNs = pollNs };
        Flow.Start();
    }

    public Bottleneck Link { get; }

    public Flow Flow { get; }

    public BbrState State => Flow.Bbr.State;

    public BbrPhase Phase => State.Phase;

    /// <summary>Runs until the phase is entered; fails when it never is.</summary>
    public void RunTo(BbrPhase phase) => RunTo(() => Phase == phase, phase.ToString());

    public void RunTo(Func<bool> condition, string what) =>
        Assert.That(Link.RunUntil(condition, StepMaxNs), Is.True, $"{what} was never reached; the phase is {Phase}");

    /// <summary>Runs until the phase is left; returns the next one.</summary>
    public BbrPhase RunOut(BbrPhase phase)
    {
        RunTo(() => Phase != phase, $"the end of {phase}");
        return Phase;
    }

    /// <summary>The share of the rate that is delivered over a time.</summary>
    public double Utilisation(long ns)
    {
        long before = Flow.Delivered;
        Link.RunFor(ns);
        return (Flow.Delivered - before) / ((double)Link.Rate * ns / Instant.Second);
    }

    /// <summary>Runs for so many round trips.</summary>
    public void RunRounds(int rounds)
    {
        long end = State.Round.Count + rounds;
        RunTo(() => State.Round.Count >= end, $"{rounds} rounds");
    }
}
