using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.FlowControl;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Core.State;

/// <summary>
/// What a connection is: identity, state, credit, lists. It does nothing by itself; each job has a type of its own that works on it
/// (<c>ReceivePath</c>, <c>AckProcessor</c>, <c>TransmitPath</c>, <c>Handshake</c>, <c>CloseSequence</c>,
/// <c>TimerTable</c>). Connections are made up front and used again.
/// </summary>
internal sealed class Connection(int index)
{
    /// <summary>A cookie is kept between CONN_RETRY and the next CONN_INIT.</summary>
    public const int CookieCapacity = 64;

    public readonly int Index = index;
    public readonly MemoryShare Memory = new(index);
    public readonly byte[] Cookie = new byte[CookieCapacity];

    /// <summary>The path that the connection was opened on, for as long as the connection is; null: it is not in use.</summary>
    public Path Path = null!;

    /// <summary>All of its paths, that one in front.</summary>
    public PathSet Paths;

    /// <summary>Ids that either side has used, those whose end the peer and the application have to be told, and the last that this side used.</summary>
    public PathIds UsedPaths;
    public PathIds ClosedPaths;
    public PathIds UntoldPaths;
    public byte LastPathId;

    /// <summary>Further paths that the peer takes, and those that were refused.</summary>
    public int PeerPathsMax;
    public ulong PathsRefused;

    public uint Generation;
    public ConnectionConfig Config = null!;
    public ConnectionState State;
    public ClosePhase ClosePhase;
    public bool IsClient;

    /// <summary>The application asked for it: it has a handle, also when both sides opened at once and this one turned into the acceptor.</summary>
    public bool IsOpenedHere;

    /// <summary>Whether the connection stands in the endpoint's lists: of those with something to send, with events, with a new deadline.</summary>
    public bool InReadyList;
    public bool InEventList;
    public bool InDeadlineList;
    public ConnectionEvents Events;
    public Instant AnnouncedDeadline;

    // Handshake.
    public ulong PeerKey;

    /// <summary>The peer's node when the connection was opened. A CONN_INIT that comes late comes from there, wherever the peer is by then.</summary>
    public NodeId OpenedWith;
    public uint InitPacketNumber;
    public Instant InitSentAt;
    public Instant NextInitAt;
    public Instant HandshakeEndsAt;
    public int CookieLength;

    // What the peer allows.
    public uint PeerStreamLimit;
    public uint PeerStreamWindow;
    public uint PeerMessageWindow;
    public int PeerMessageLengthMax;

    /// <summary>The shift of the windows in the peer's DATA_ACK of RO streams.</summary>
    public byte PeerWindowScale;

    /// <summary>The longest frame that both sides take: what each path begins with, and may grow to.</summary>
    public int FrameLengthLimit;
    public long PeerMaxAckDelayNs;
    public bool WantsStreams;

    /// <summary>The longest RU message that is taken in: what the configuration allows, and what the connection's share of the arena could hold.</summary>
    public int ReceivedMessageMax;

    /// <summary>It stands in the endpoint's list of those that wait for a record of a stream.</summary>
    public bool InWaitingList;

    // Credit of the connection, in bytes of RO and RU data.
    public SendWindow Credit;
    public ReceiveWindow Window;
    public ulong Received;

    // Streams.
    public uint NextLocalOrdinal;
    public uint NextPeerOrdinal;
    public uint StreamLimit;
    public uint PeerStreamsEnded;
    public RangeSet PeerPending;
    public SlabList<StreamState, StreamState.InConnection> Streams;
    public int StreamCount;
    public ulong StreamsOpened;
    public StreamScheduler Scheduler;

    /// <summary>The stream that the next packet is likely to be for. It may be another's by now: who uses it looks.</summary>
    public int PredictedStream;
    public StreamList ControlList;
    public int DeadlineHeap;
    public SlabList<OutboundMessage, OutboundMessage.InSkips> Skips;

    /// <summary>PR: groups to be closed, reports to be sent, and groups of the peer's to be given up, each when it is due.</summary>
    public DueList<ProbabilisticStream, ProbabilisticStream.ByFlush> FlushList;
    public DueList<ProbabilisticStream, ProbabilisticStream.ByReport> ReportList;
    public DueList<InboundGroup, InboundGroup.ByAge> GroupList;

    public ConnectionControl Control;

    /// <summary>Questions so far, on all paths: no two are alike.</summary>
    public ulong PingCount;

    /// <summary>What was sent last and is still to be sent on further paths as well.</summary>
    public DataCopy Copy;

    public long ReadyBytes;
    public long SendBuffered;

    /// <summary>What a stream may hold for sending: <see cref="ConnectionConfig.SendBuffer"/>, where every send finds it at hand.</summary>
    public int SendBuffer;

    // Timers that are not derived from something else.
    public Instant LastActivityAt;
    public Instant LastReceivedAt;
    public Instant OutstandingSince;
    public Instant KeepAliveAt;
    public Instant PaceAt;
    public Instant CloseAt;
    public Instant NextCloseAt;
    public int CloseAttempts;
    public ReasonCode CloseReason;
    public bool CloseFramePending;
    public bool CloseAcknowledgePending;

    // For the report when the connection ends, and for statistics.
    public long UndeliveredBytes;
    public long UndeliveredMessages;
    public long UnreadBytes;
    public ulong Retransmissions;
    public ulong DroppedForMemory;
    public ulong AcknowledgementsSent;

    /// <summary>The tags of the path that the connection was opened on: they name the connection as long as it is. 0: it is not in use, or not known yet.</summary>
    public ulong LocalTag => Path is null ? 0 : Path.LocalTag;

    public ulong PeerTag => Path is null ? 0 : Path.PeerTag;

    /// <summary>Whether control frames wait to be sent that any path may carry.</summary>
    public bool HasControl
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Control != ConnectionControl.None || !ControlList.IsEmpty || !Skips.IsEmpty;
    }

    /// <summary>Whether a frame that ends the connection waits to be sent.</summary>
    public bool HasCloseFrame => CloseFramePending || CloseAcknowledgePending;

    public bool CanSend => State is ConnectionState.Established or ConnectionState.Closing;

    /// <summary>Whether the application has, or will get, a handle: a connection that a peer opens is shown when its address is validated.</summary>
    public bool IsKnownToApplication => IsOpenedHere || Path.IsValidated;

    public bool IsOpen => State == ConnectionState.Established;

    /// <summary>What it has done so far.</summary>
    public ConnectionStatistics Statistics(int framesHeld) => new()
    {
        Path = Path.Statistics(),
        StreamCount = StreamCount,
        StreamsOpened = StreamsOpened,
        Retransmissions = Retransmissions,
        DroppedForMemory = DroppedForMemory,
        AcknowledgementsSent = AcknowledgementsSent,
        PathsRefused = PathsRefused,
        FramesHeld = framesHeld,
    };
}

/// <summary>Events of a connection that the application has not fetched yet, a bit each.</summary>
[Flags]
internal enum ConnectionEvents : byte
{
    None = 0,
    Established = 1 << 0,
    Accepted = 1 << 1,
    Closing = 1 << 2,
    StreamsAvailable = 1 << 3,
    Closed = 1 << 4,

    /// <summary>The application has fetched Closed, or never knew the connection.</summary>
    ClosedTold = 1 << 5,
    Moved = 1 << 6,

    /// <summary>Paths have events, or are gone.</summary>
    Paths = 1 << 7,
}
