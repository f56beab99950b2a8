namespace NexStream.Examples.GameWorld;

/// <summary>A field of the map, counted from the upper left.</summary>
[GenerateSerializer]
public readonly record struct Position([property: Id(0)] int X, [property: Id(1)] int Y)
{
    /// <summary>The region that it belongs to.</summary>
    public int Region => (Y / World.RegionHeight * (World.Width / World.RegionWidth)) + (X / World.RegionWidth);
}
