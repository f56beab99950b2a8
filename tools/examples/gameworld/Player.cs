using Orleans.Placement;

namespace NexStream.Examples.GameWorld;

/// <summary>A player grain: any silo may host it, and the region that it talks to may be on another.</summary>
[RandomPlacement]
public sealed class Player(ILocalSiloDetails silo) : Grain, IPlayer
{
    private int _steps;

    /// <inheritdoc />
    public async Task<PlayerView> StepAsync(int tick)
    {
        string name = this.GetPrimaryKeyString();
        _steps++;
        Position position = World.At(name, _steps);
        await GrainFactory.GetGrain<IRegion>(position.Region).ShowAsync(name, position, tick);
        return new PlayerView(silo.Name, _steps, position);
    }
}
