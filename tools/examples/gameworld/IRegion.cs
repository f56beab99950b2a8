namespace NexStream.Examples.GameWorld;

/// <summary>A part of the map, and who is in it.</summary>
public interface IRegion : IGrainWithIntegerKey
{
    /// <summary>A player is in the region in this tick.</summary>
    Task ShowAsync(string player, Position position, int tick);

    /// <summary>Who showed himself in this tick. Who did not has left, or was on a silo that is gone.</summary>
    Task<RegionView> LookAsync(int tick);
}

/// <summary>What is to be seen in a region.</summary>
/// <param name="Silo">Where it is computed.</param>
/// <param name="Players">Who is in it, and where.</param>
[GenerateSerializer]
public sealed record RegionView([property: Id(0)] string Silo, [property: Id(1)] Dictionary<string, Position> Players);
