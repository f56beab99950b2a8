using NexStream.Core.Config;

namespace NexStream.Tools.Fuzz;

/// <summary>
/// Worlds that inputs share, one of each kind: to make endpoints costs more than a short input does with them. A run begins when nothing is left of the one before, but for
/// what endpoints remember of those that are gone.
/// </summary>
internal sealed class WorldCache(Func<EndpointConfig, EndpointConfig>? configure)
{
    private readonly World?[] _worlds = new World?[4];

    /// <summary>A world in which nothing is open.</summary>
    public World Begin(bool cookies, bool atBoundary)
    {
        ref World? world = ref _worlds[(cookies ? 1 : 0) + (atBoundary ? 2 : 0)];
        world ??= new World(new WorldOptions { Cookies = cookies, AtBoundary = atBoundary, Configure = configure ?? (config => config) });
        world.Begin();
        return world;
    }

    /// <summary>Further runs begin with new endpoints.</summary>
    public void Clear() => Array.Clear(_worlds);
}
