namespace NexStream.Replay.Running;

/// <summary>How a replay ended.</summary>
public enum ReplayVerdict
{
    /// <summary>Every call gave what it had given when it was recorded.</summary>
    Identical,

    /// <summary>One gave something else.</summary>
    Differs,

    /// <summary>One threw that returned when it was recorded, or the last one did.</summary>
    Throws,
}

/// <summary>How a replay went.</summary>
public sealed record ReplayResult
{
    /// <summary>How it ended.</summary>
    public required ReplayVerdict Verdict { get; init; }

    /// <summary>Calls that were carried out.</summary>
    public required long Calls { get; init; }

    /// <summary>The number of the call that is different; null: none is.</summary>
    public long? At { get; init; }

    /// <summary>What the trace says about that call, and what it gave now; with its neighbours. For people.</summary>
    public IReadOnlyList<string> Report { get; init; } = [];

    /// <summary>What the call threw.</summary>
    public Exception? Thrown { get; init; }

    /// <summary>What else is worth knowing; null: nothing.</summary>
    public string? Remark { get; init; }

    /// <summary>Why the trace ended before its file did; null: it did not.</summary>
    public string? Damage { get; init; }
}
