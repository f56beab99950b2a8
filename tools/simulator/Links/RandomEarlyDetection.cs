using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;

namespace NexStream.Simulator.Links;

/// <summary>
/// RED (Floyd and Jacobson 1993) with the gentle slope that its authors added: between a sixth and half of the queue frames are signalled with a
/// chance that grows to a tenth, from there on to the whole queue with one that grows to 1. The average takes in each frame with a weight of 0.002.
/// </summary>
internal struct RandomEarlyDetection
{
    private const double Weight = 0.002;
    private const double ChanceMax = 0.1;
    private const double FrameTypical = 1000;

    private double _average;
    private long _idleSince;
    private int _sinceLast;

    /// <summary>Judges a frame that arrives.</summary>
    /// <param name="queued">Bytes that wait.</param>
    /// <param name="isIdle">Whether the wire is free: nothing waits, and nothing is being sent.</param>
    /// <param name="settings">What the link is like.</param>
    /// <param name="now">Now.</param>
    /// <param name="random">Draws the lots.</param>
    public Verdict Admit(long queued, bool isIdle, LinkSettings settings, long now, ref SimulationRandom random)
    {
        if (isIdle)
        {
            // While the link was idle it could have sent so many frames, each of which would have lowered the average.
            double frames = (now - _idleSince) * (double)settings.Rate / Instant.Second / FrameTypical;
            _average *= Math.Pow(1 - Weight, frames);
            _idleSince = now;
        }

        _average += Weight * (queued - _average);
        double lowest = settings.QueueBytes / 6.0;
        double highest = settings.QueueBytes / 2.0;
        if (_average < lowest)
        {
            _sinceLast = 0;
            return Verdict.Pass;
        }

        double chance = _average < highest
            ? ChanceMax * (_average - lowest) / (highest - lowest)
            : ChanceMax + ((1 - ChanceMax) * (_average - highest) / highest);

        // Spread evenly: the chance rises with every frame that passed.
        double spread = chance / Math.Max(chance, 1 - (_sinceLast * chance));
        _sinceLast++;
        if (!random.Chance(spread))
        {
            return Verdict.Pass;
        }

        _sinceLast = 0;
        return Verdict.Signal;
    }

    /// <summary>The last frame was sent, and none waits.</summary>
    public void OnIdle(long now) => _idleSince = now;
}
