namespace NexStream.Core.Wire;

/// <summary>What DATA says of a whole message that travels in a packet of its own.</summary>
internal enum MessageForm : byte
{
    /// <summary>Reliable-Unordered: number, length, and that it is not a part.</summary>
    Reliable,

    /// <summary>Best-Effort without numbers.</summary>
    Unnumbered,

    /// <summary>Best-Effort with them.</summary>
    Numbered,

    /// <summary>Probabilistic: its number.</summary>
    Probabilistic,

    /// <summary>Probabilistic: its number, and its place in a group that gets repairs.</summary>
    Grouped,
}
