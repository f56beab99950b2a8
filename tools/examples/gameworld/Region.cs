using Orleans.Placement;

namespace NexStream.Examples.GameWorld;

/// <summary>A region grain.</summary>
[RandomPlacement]
public sealed class Region(ILocalSiloDetails silo) : Grain, IRegion
{
    private readonly Dictionary<string, Position> _players = [];
    private int _tick;

    /// <inheritdoc />
    public Task ShowAsync(string player, Position position, int tick)
    {
        if (IsNow(tick))
        {
            _players[player] = position;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<RegionView> LookAsync(int tick) =>
        Task.FromResult(new RegionView(silo.Name, IsNow(tick) ? new Dictionary<string, Position>(_players) : []));

    /// <summary>A new tick begins with nobody, and what comes late from an earlier one counts no more.</summary>
    private bool IsNow(int tick)
    {
        if (tick > _tick)
        {
            _tick = tick;
            _players.Clear();
        }

        return tick == _tick;
    }
}
