using NexStream.Simulator.Engine;

namespace NexStream.Simulator.Links;

/// <summary>Random and bursty (Gilbert–Elliott) loss.</summary>
internal struct LossModel
{
    private bool _isBad;

    /// <summary>Whether the next frame is lost.</summary>
    public bool IsLost(LinkSettings settings, ref SimulationRandom random)
    {
        // Where there are no bursts (a step may end them) the state is good: what comes later begins from there.
        _isBad = settings.BurstEnter > 0 && (_isBad ? !random.Chance(settings.BurstLeave) : random.Chance(settings.BurstEnter));
        return _isBad || random.Chance(settings.Loss);
    }
}
