using NexStream.Core.Events;

namespace NexStream.Simulator.Engine;

/// <summary>What sits above an endpoint.</summary>
internal interface IApplication
{
    /// <summary>When it wants to act though nothing happened; <see cref="Actor.Never"/>: not at all.</summary>
    long DueAt { get; }

    /// <summary>Does what there is to do: called before anything is sent.</summary>
    void Act(long now);

    /// <summary>Something happened.</summary>
    void OnEvent(in EndpointEvent item, long now);
}
