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

    /// <summary>Judges a frame that arrives at a queue of so many bytes.</summary>
    public Verdict Admit(long queued, LinkSettings settings, long now, ref SimulationRandom random)
    {
        if (queued == 0 && now > _idleSince)
        {
            // While the queue was empty it could have sent so many frames, each of which would have lowered the average.
            double frames = (now - _idleSince) * (double)settings.Rate / Instant.Second / FrameTypical;
            _average *= Math.Pow(1 - Weight, frames);
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

    /// <summary>The queue became empty.</summary>
    public void OnIdle(long now) => _idleSince = now;
}
