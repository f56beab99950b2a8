using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.FlowControl;
using NexStream.Core.Primitives;

namespace NexStream.Core.State;

/// <summary>What holds for a stream, a bit each.</summary>
[Flags]
internal enum StreamFlags : ushort
{
    None = 0,

    /// <summary>This endpoint opened it.</summary>
    Local = 1 << 0,

    /// <summary>STREAM_OPEN need not be sent (any more): the peer has it.</summary>
    OpenKnown = 1 << 1,

    /// <summary>The application owes nothing and is owed nothing: the record is freed as soon as no list holds it.</summary>
    Dead = 1 << 2,

    /// <summary>In the scheduler's rotation.</summary>
    Scheduled = 1 << 3,

    /// <summary>Waiting for connection credit.</summary>
    CreditBlocked = 1 << 4,

    /// <summary>In the list of streams with control frames to send.</summary>
    InControlList = 1 << 5,

    /// <summary>In the list of streams with events.</summary>
    InEventList = 1 << 6,

    /// <summary>A send took less than it was given: tell when there is room.</summary>
    WantsWritable = 1 << 7,

    /// <summary>BE messages carry their numbers.</summary>
    SequenceNumbers = 1 << 8,

    /// <summary>The sending half will carry FIN when all is sent.</summary>
    FinQueued = 1 << 9,

    /// <summary>FIN was sent.</summary>
    FinSent = 1 << 10,

    /// <summary>FIN was acknowledged.</summary>
    FinAcknowledged = 1 << 11,

    /// <summary>The application reads no more: what still comes is counted and thrown away.</summary>
    Discarding = 1 << 12,

    /// <summary>The peer's final size is known.</summary>
    FinalSizeKnown = 1 << 13,

    /// <summary>In the queue of streams that wait for memory.</summary>
    Starved = 1 << 14,
}

/// <summary>Control frames that a stream has to send, a bit each; the content is read when the frame is written.</summary>
[Flags]
internal enum StreamControl : byte
{
    None = 0,
    Open = 1 << 0,
    Acknowledge = 1 << 1,
    Close = 1 << 2,
    Reset = 1 << 3,
    StopSending = 1 << 4,
    CloseAcknowledge = 1 << 5,
    Window = 1 << 6,

    /// <summary>What is missing: DATA_ACK and DATA_NACK in RO and RU, RECEIVER_REPORT in PR.</summary>
    Gaps = 1 << 7,
}

/// <summary>Events that the application has not fetched yet, a bit each.</summary>
[Flags]
internal enum StreamEvents : byte
{
    None = 0,
    Opened = 1 << 0,
    Readable = 1 << 1,
    Writable = 1 << 2,
    Reset = 1 << 3,
    Stopped = 1 << 4,
    Closed = 1 << 5,
}

/// <summary>
/// All that a stream is while nothing is buffered: one record of a slab, addressed by index. A test holds it to 256 bytes together
/// with its place in the tables.
/// </summary>
internal struct StreamState
{
    public uint Id;
    public uint Generation;
    public int Connection;
    public int Deficit;
    public TransportMode Mode;
    public byte Priority;
    public byte MaxAttempts;
    public StreamControl Control;
    public StreamFlags Flags;
    public StreamEvents Events;
    public SendState SendState;
    public ReceiveState ReceiveState;

    /// <summary>The path that its data takes if it can; <see cref="PathIds.None"/>: any.</summary>
    public byte Path;
    public ReasonCode SendReason;
    public ReasonCode ReceiveReason;
    public ListLink SchedulerLink;
    public int ControlNext;
    public ListLink SiblingLink;
    public SendHalf Send;
    public ReceiveHalf Receive;

    public readonly bool Has(StreamFlags flag) => (Flags & flag) != 0;

    public readonly bool IsMessageMode => Mode != TransportMode.ReliableOrdered;

    /// <summary>Whether something of what the application handed over was never sent.</summary>
    public readonly bool HasUnsent => Mode == TransportMode.ReliableOrdered ? Send.Window.Used < Send.End : Send.Content.Head >= 0;

    /// <summary>Whether nothing of it waits to be sent or acknowledged.</summary>
    public readonly bool IsDelivered => Mode == TransportMode.ReliableOrdered
        ? Send.Charged == Send.End
        : Send.Content.IsEmpty && Send.InFlight.IsEmpty && Send.Lost.IsEmpty;

    /// <summary>Whether all that it has to send was never sent before, may take any path, and has neither its opening nor its end to tell of.</summary>
    public readonly bool SendsOnlyNew
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Flags & (StreamFlags.OpenKnown | StreamFlags.FinQueued)) == StreamFlags.OpenKnown && Send.Lost.IsEmpty && Path == PathIds.None;
    }

    /// <summary>Whether it has sent all that it has and may: a turn of it would write nothing.</summary>
    public readonly bool IsSpent
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Mode == TransportMode.ReliableOrdered ? Send.Window.Used >= Math.Min(Send.End, Send.Window.Limit) : Send.MessageUnsent < 0) && Send.Lost.IsEmpty;
    }

    public readonly bool IsReliable
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered;
    }

    public void Set(StreamFlags flag) => Flags |= flag;

    public void Clear(StreamFlags flag) => Flags &= ~flag;

    /// <summary>Its place in the list of the scheduler that it is in.</summary>
    internal readonly struct InScheduler : IListLink<StreamState>
    {
        public static ref ListLink Of(ref StreamState record) => ref record.SchedulerLink;
    }

    /// <summary>Its place among the streams of its connection.</summary>
    internal readonly struct InConnection : IListLink<StreamState>
    {
        public static ref ListLink Of(ref StreamState record) => ref record.SiblingLink;
    }
}

/// <summary>The sending half. RO counts bytes, the message modes count messages.</summary>
internal struct SendHalf
{
    /// <summary>Used: the first byte never sent (RO), the first message of which nothing was sent. Limit: the peer's credit.</summary>
    public SendWindow Window;

    /// <summary>Behind the last byte or message that the application handed over.</summary>
    public ulong End;

    /// <summary>RU: bytes of messages that were charged to the connection. RO: <see cref="Acknowledged"/>.</summary>
    public ulong Charged;

    /// <summary>RO: the bytes from the first that is not acknowledged on. Message modes: <see cref="MessageUnsent"/>.</summary>
    public ChunkList Content;

    /// <summary>Message modes: all messages that are not finished, by number.</summary>
    public SlabList<OutboundMessage, OutboundMessage.InStream> Messages;

    /// <summary>RU: segments in flight. RO: <see cref="AcknowledgedAhead"/>.</summary>
    public SlabList<Segment, Segment.InStream> InFlight;

    /// <summary>What is to be sent again, in the order in which it was lost: segments (RU), runs of <see cref="Content"/> (RO).</summary>
    public SlabList<Segment, Segment.InStream> Lost;

    /// <summary>Bytes queued and unacknowledged.</summary>
    public int Buffered;

    public uint PacketsLost;
    public uint Retransmissions;

    /// <summary>Message modes: messages given up. RO: <see cref="Cursor"/>.</summary>
    public int Expired;

    /// <summary>Message modes: the first message that was not sent whole. It has the place of RO's list, as what follows has that of other modes': no stream is in both.</summary>
    [UnscopedRef]
    public ref int MessageUnsent => ref Content.Head;

    /// <summary>RO: everything below was acknowledged.</summary>
    [UnscopedRef]
    public ref ulong Acknowledged => ref Charged;

    /// <summary>RO: the chunk with the first byte that was never sent, or the last chunk where all were; -1 while there is none.</summary>
    [UnscopedRef]
    public ref int Cursor => ref Expired;

    /// <summary>RO: whether something was acknowledged behind a gap.</summary>
    public readonly bool HasAcknowledgedAhead => InFlight.Head >= 0;

    /// <summary>RO: what was acknowledged behind a gap.</summary>
    public RangeSet AcknowledgedAhead
    {
        readonly get => new() { Head = InFlight.Head, Count = InFlight.Tail };
        set
        {
            InFlight.Head = value.Head;
            InFlight.Tail = value.Count;
        }
    }
}

/// <summary>The receiving half. RO counts bytes, the message modes count messages.</summary>
internal struct ReceiveHalf
{
    public ReceiveWindow Window;

    /// <summary>RO: chunks out of order. RU: messages being put together. PR: <see cref="Delivery"/>.</summary>
    public int PendingCount;

    /// <summary>Everything below has arrived (RO, RU).</summary>
    public ulong Next;

    /// <summary>RO: behind the last byte that has arrived. RU: bytes charged to the connection.</summary>
    public ulong Highest;

    /// <summary>
    /// Once <see cref="StreamFlags.FinalSizeKnown"/>: the final size. Until then in RU: behind the highest message number that was named,
    /// because a final size may not lie below it (RFC 9000 §4.5).
    /// </summary>
    public ulong FinalSize;

    /// <summary>RO: bytes to read, in order, then out of order. Message modes: <see cref="MessageHead"/> and <see cref="PartialHead"/>.</summary>
    public ChunkList Ready;
    public ChunkList OutOfOrder;

    /// <summary>RU: numbers above <see cref="Next"/> that have arrived or were skipped.</summary>
    public RangeSet Arrived;

    /// <summary>Bytes received and not read.</summary>
    public int Buffered;

    public uint Dropped;

    /// <summary>Message modes: complete messages. Like the next two it has the place of RO's lists: no stream is in both.</summary>
    [UnscopedRef]
    public ref int MessageHead => ref Ready.Head;

    [UnscopedRef]
    public ref int MessageTail => ref Ready.Tail;

    /// <summary>RU: messages being put together.</summary>
    [UnscopedRef]
    public ref int PartialHead => ref OutOfOrder.Head;

    /// <summary>PR: the stream's <see cref="ProbabilisticStream"/>. It has the place of a count: nothing is put together here.</summary>
    [UnscopedRef]
    public ref int Delivery => ref PendingCount;
}
