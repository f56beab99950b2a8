namespace NexStream.Driver.Links;

/// <summary>What a <see cref="UdpLink"/> uses of its system, and what became of the datagrams.</summary>
public readonly record struct UdpStatistics
{
    internal UdpStatistics(in NexLinkUdpInfo info)
    {
        UsesSegmentation = (info.Features & NexLinkUdpInfo.Segmentation) != 0;
        UsesCoalescing = (info.Features & NexLinkUdpInfo.Coalescing) != 0;
        UsesMarks = (info.Features & NexLinkUdpInfo.Marks) != 0;
        Peers = checked((int)info.Peers);
        LastError = info.LastError;
        Sent = (long)info.Sent;
        SendCalls = (long)info.SendCalls;
        Received = (long)info.Received;
        ReceiveCalls = (long)info.ReceiveCalls;
        Malformed = (long)(info.DroppedShort + info.DroppedVersion + info.DroppedLength + info.DroppedChecksum);
        Oversize = (long)info.DroppedOversize;
        NoFrame = (long)info.DroppedNoFrame;
        Unroutable = (long)info.DroppedUnroutable;
        TooLong = (long)info.DroppedTooLong;
        Refused = (long)info.DroppedRefused;
        PeersEvicted = (long)info.PeersEvicted;
    }

    /// <summary>Whether datagrams leave together (UDP_SEGMENT).</summary>
    public bool UsesSegmentation { get; }

    /// <summary>Whether they are received together (UDP_GRO).</summary>
    public bool UsesCoalescing { get; }

    /// <summary>Whether ECN marks are set and read; otherwise everything arrives as not ECN-capable.</summary>
    public bool UsesMarks { get; }

    /// <summary>Addresses that are known now.</summary>
    public int Peers { get; }

    /// <summary>The system's number for why it last refused a datagram (errno); 0: it never did.</summary>
    public int LastError { get; }

    /// <summary>Datagrams that the system took.</summary>
    public long Sent { get; }

    /// <summary>System calls that it took.</summary>
    public long SendCalls { get; }

    /// <summary>Datagrams that were delivered.</summary>
    public long Received { get; }

    /// <summary>System calls that brought them.</summary>
    public long ReceiveCalls { get; }

    /// <summary>Datagrams dropped because they are no NexLink frames: too short, of another version, with a length or checksum that is not theirs.</summary>
    public long Malformed { get; }

    /// <summary>Datagrams dropped because they are longer than a frame.</summary>
    public long Oversize { get; }

    /// <summary>Datagrams dropped because no frame was free.</summary>
    public long NoFrame { get; }

    /// <summary>Datagrams not sent because no address is known for their destination.</summary>
    public long Unroutable { get; }

    /// <summary>Datagrams not sent because the way to the next router carries none so long. Searching for the path's MTU makes a few.</summary>
    public long TooLong { get; }

    /// <summary>Datagrams that the system refused for another reason: <see cref="LastError"/>.</summary>
    public long Refused { get; }

    /// <summary>Addresses that were forgotten to make room for newer ones.</summary>
    public long PeersEvicted { get; }
}
