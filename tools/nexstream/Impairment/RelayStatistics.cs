namespace NexStream.Tool.Impairment;

/// <summary>What the imitated network did with the packets of one direction.</summary>
internal struct RelayStatistics
{
    /// <summary>Packets that were, or will be, delivered; a duplicate is one more.</summary>
    public long Forwarded;

    public long Lost;

    public long Duplicated;

    /// <summary>Packets that were dropped because too many were under way.</summary>
    public long Overflowed;
}
