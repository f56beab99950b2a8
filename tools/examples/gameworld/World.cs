namespace NexStream.Examples.GameWorld;

/// <summary>The rules of the world, the same for all who compute: where a player is follows from his name and his steps alone.</summary>
public static class World
{
    /// <summary>Fields of the map, from left to right and from top to bottom.</summary>
    public const int Width = 48;

    /// <inheritdoc cref="Width" />
    public const int Height = 8;

    /// <summary>A region is so many fields wide and high; regions are numbered line by line.</summary>
    public const int RegionWidth = 12;

    /// <inheritdoc cref="RegionWidth" />
    public const int RegionHeight = 4;

    /// <summary>Regions of the map.</summary>
    public const int RegionCount = Width / RegionWidth * (Height / RegionHeight);

    /// <summary>Where a player is who came into the world so many steps ago. All begin somewhere else and walk in a straight line; the map is a ring both ways.</summary>
    public static Position At(string player, int steps)
    {
        uint seed = player.Aggregate(2166136261u, (hash, letter) => unchecked((hash ^ letter) * 16777619u)); // FNV-1a
        int x = (int)(seed % Width) + (steps * (int)(1 + (seed >> 8) % 2));
        int y = (int)((seed >> 16) % Height) + (steps * (int)((seed >> 24) % 2));
        return new Position(x % Width, y % Height);
    }
}
