using System.Globalization;

namespace NexStream.Examples.GameWorld;

/// <summary>Draws the world as text.</summary>
internal static class Map
{
    /// <summary>All players on the map, by the first letters of their names, and the regions' borders between them.</summary>
    public static IEnumerable<string> Draw(RegionView[] regions)
    {
        char[][] rows = [.. Enumerable.Range(0, World.Height).Select(_ => new string('.', World.Width).ToCharArray())];
        foreach ((string player, Position position) in regions.SelectMany(region => region.Players))
        {
            rows[position.Y][position.X] = player[0];
        }

        string border = string.Concat(Enumerable.Repeat("+" + new string('-', World.RegionWidth), World.Width / World.RegionWidth)) + "+";
        for (int y = 0; y < World.Height; y++)
        {
            if (y % World.RegionHeight == 0)
            {
                yield return border;
            }

            yield return $"|{string.Join('|', rows[y].Chunk(World.RegionWidth).Select(part => new string(part)))}|";
        }

        yield return border;
    }

    /// <summary>Which silo computes what: a line for each.</summary>
    public static IEnumerable<string> Hosts(RegionView[] regions, IEnumerable<PlayerView> players) =>
        from silo in regions.Select(region => region.Silo).Concat(players.Select(player => player.Silo)).Distinct().Order(StringComparer.Ordinal)
        let own = regions.Index().Where(region => region.Item.Silo == silo).Select(region => region.Index.ToString(CultureInfo.InvariantCulture)).ToArray()
        select $"{silo}: {own.Length} regions ({string.Join(' ', own)}), {players.Count(player => player.Silo == silo)} players";
}
