namespace NexStream.Simulator.Links;

/// <summary>What happened to a frame on a link.</summary>
internal enum FrameFate
{
    Entered,
    Delivered,
    QueueDropped,
    Lost,
    Corrupted,
    TooLong,
    Outage,
}

/// <summary>Sees what a link does to frames.</summary>
internal interface ILinkObserver
{
    /// <summary>Something happened to a frame.</summary>
    void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now);
}
