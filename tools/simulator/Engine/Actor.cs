namespace NexStream.Simulator.Engine;

/// <summary>Something that acts at instants of its own choosing. Virtual time is nanoseconds from the start.</summary>
internal abstract class Actor
{
    /// <summary>Nothing is due.</summary>
    public const long Never = long.MaxValue;

    /// <summary>Where it stands in the agenda; set by the agenda.</summary>
    internal int AgendaIndex = -1;

    /// <summary>Its number: of two actors that are due at one instant, the lower acts first.</summary>
    internal int Order;

    /// <summary>When it wants to act next. Whoever changes it tells the agenda.</summary>
    public long DueAt { get; protected set; } = Never;

    /// <summary>Does what is due now.</summary>
    public abstract void Act(long now);
}
