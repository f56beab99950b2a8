using System.Runtime.InteropServices;

namespace NexStream.Driver.Observability;

/// <summary>What a driver and its endpoint have done since the telemetry was attached, and what they hold now. It lies in shared memory: only numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TelemetryTotals
{
    // The driver's.
    public long Turns;
    public long TurnsWithWork;
    public long FramesReceived;
    public long FramesSent;
    public long FramesMalformed;
    public long FramesUnroutable;
    public long FramesStalled;
    public long FullRings;
    public long TimersFired;
    public long LinksLost;

    // The endpoint's.
    public long UnknownTags;
    public long HandshakesRefused;
    public long HandshakesFailed;
    public long AnswersSuppressed;
    public long ArenaFree;
    public long ArenaFrames;
    public long ConnectionsOpen;
    public long ConnectionsOpened;
    public long ConnectionsClosed;
    public long StreamsOpen;
    public long StreamsOpened;
    public long MessagesLost;
    public long MessagesExpired;

    // All connections', those that ended included.
    public long PacketsSent;
    public long PacketsReceived;
    public long PacketsLost;
    public long SpuriousLosses;
    public long Duplicates;
    public long BytesSent;
    public long BytesReceived;
    public long Retransmissions;
    public long ProbeTimeouts;
    public long AcknowledgementsSent;
    public long DroppedForMemory;
}

/// <summary>A connection, and the path that it was opened on. It lies in shared memory: only numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ConnectionRecord
{
    public int Index;
    public int IsOpen;
    public int Paths;
    public int Streams;
    public ulong RemoteHigh;
    public ulong RemoteLow;
    public long PacketsSent;
    public long PacketsReceived;
    public long PacketsLost;
    public long SpuriousLosses;
    public long Duplicates;
    public long BytesSent;
    public long BytesReceived;
    public long Retransmissions;
    public long ProbeTimeouts;
    public long AcknowledgementsSent;
    public long DroppedForMemory;
    public long SmoothedRttNs;
    public long MinRttNs;
    public long CongestionWindow;
    public long BytesInFlight;
    public long PacingRate;
    public long DeliveryRate;
}

/// <summary>A stream. It lies in shared memory: only numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StreamRecord
{
    public int Connection;
    public uint Id;
    public int Mode;
    public uint PacketsLost;
    public uint Retransmissions;
    public uint Reserved;
    public long Sent;
    public long Queued;
    public long Received;
    public long SendBuffered;
    public long ReceiveBuffered;
}
