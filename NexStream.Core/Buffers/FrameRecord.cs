namespace NexStream.Core.Buffers;

/// <summary>What the core knows of one frame: side by side, because whoever touches one of these touches the others.</summary>
internal struct FrameRecord
{
    /// <summary>Everything that holds the frame here: chunks, segments, loans, links that still read it.</summary>
    public int References;

    /// <summary>The connection that is charged for it, or <see cref="FrameTable.Nobody"/>.</summary>
    public int Owner;

    /// <summary>A peer's frame: how often it was handed over since it was last given back.</summary>
    public int Holds;

    /// <summary>How many of the references the application holds: <see cref="Loans"/>.</summary>
    public int Lent;
}
