namespace NexStream.Driver.Links.Managed;

/// <summary>What the table's functions do with a link, whatever kind it is of. One thread at a time, but for <see cref="Wake"/>.</summary>
internal unsafe interface IManagedLink
{
    bool IsPeerClosed { get; }

    NexLinkLinkInfo Info { get; }

    int Send(LinkDescriptor* descriptors, uint count);

    int Receive(LinkDescriptor* descriptors, uint count);

    int Release(LinkRelease* releases, uint count);

    int Reclaim(LinkRelease* releases, uint count);

    int Wait(ulong timeoutNs);

    /// <summary>Ends the wait of another thread, or the next one.</summary>
    void Wake();

    void Close();
}
