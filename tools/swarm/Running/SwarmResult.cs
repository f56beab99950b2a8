namespace NexStream.Swarm.Running;

/// <summary>What became of a range of seeds.</summary>
internal sealed record SwarmResult
{
    /// <summary>Whether every invariant held in every world.</summary>
    public required bool Ok { get; init; }

    public required ulong From { get; init; }

    /// <summary>The last seed that was run; behind it the time was over, if it is not the last that was asked for.</summary>
    public required ulong To { get; init; }

    public required long Worlds { get; init; }

    public required long Packets { get; init; }

    public required double VirtualSeconds { get; init; }

    public required double Seconds { get; init; }

    public required double WorldsPerSecond { get; init; }

    /// <summary>A number for everything that all endpoints said, whatever thread ran which world.</summary>
    public required string Hash { get; init; }

    /// <summary>Whether the core checked its own invariants at every step, or only the oracle outside it.</summary>
    public required bool ChecksInvariants { get; init; }

    public required IReadOnlyList<SwarmFailure> Failures { get; init; }
}

/// <summary>A world in which an invariant does not hold.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Failure">What does not hold.</param>
/// <param name="Command">What shows it again.</param>
internal sealed record SwarmFailure(ulong Seed, string Failure, string Command);
