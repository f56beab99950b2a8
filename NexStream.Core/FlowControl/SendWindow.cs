namespace NexStream.Core.FlowControl;

/// <summary>Credit that a sender has: an absolute limit that only rises, so that repeated and reordered updates create nothing.</summary>
internal struct SendWindow
{
    public ulong Used;
    public ulong Limit;

    public readonly ulong Available => Limit > Used ? Limit - Used : 0;

    /// <summary>Takes a limit from the peer. True: there is more credit than before.</summary>
    public bool Raise(ulong limit)
    {
        if (limit <= Limit)
        {
            return false;
        }

        Limit = limit;
        return true;
    }
}
