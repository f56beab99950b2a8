namespace NexStream.Examples.GameWorld;

/// <summary>A player. He is on one silo, in memory; when that dies he comes into the world anew on another, at the next call.</summary>
public interface IPlayer : IGrainWithStringKey
{
    /// <summary>Goes one step, and shows himself to the region that he is in then.</summary>
    /// <param name="tick">The tick of the world.</param>
    Task<PlayerView> StepAsync(int tick);
}

/// <summary>What a player says of himself.</summary>
/// <param name="Silo">Where he is computed.</param>
/// <param name="Steps">Steps since he came into the world.</param>
/// <param name="Position">Where he is.</param>
[GenerateSerializer]
public sealed record PlayerView([property: Id(0)] string Silo, [property: Id(1)] int Steps, [property: Id(2)] Position Position);
