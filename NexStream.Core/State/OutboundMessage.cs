using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Primitives;

namespace NexStream.Core.State;

/// <summary>What holds for an outbound message, a bit each.</summary>
[Flags]
internal enum MessageFlags : byte
{
    None = 0,

    /// <summary>The application wants to know how it ended.</summary>
    Report = 1 << 0,

    /// <summary>It was given up; DATA_SKIP says so until that is acknowledged (RU).</summary>
    Skipped = 1 << 1,

    /// <summary>In the heap of deadlines.</summary>
    HasDeadline = 1 << 2,

    /// <summary>Not a message: the deadline of an RO stream for the bytes below <see cref="OutboundMessage.Number"/>.</summary>
    StreamDeadline = 1 << 3,

    /// <summary>In the connection's list of messages that DATA_SKIP must name.</summary>
    SkipQueued = 1 << 4,

    /// <summary>Not the application's: parity of the group that begins with <see cref="OutboundMessage.Number"/>, or its only message again.</summary>
    Repair = 1 << 5,
}

/// <summary>
/// A message from the moment it is handed over until it is acknowledged, given up or, where nobody asks, sent. With
/// <see cref="MessageFlags.Report"/> it stays until the application has fetched the event: no report is ever lost.
/// </summary>
internal struct OutboundMessage
{
    /// <summary>What the application knows it by.</summary>
    public ulong Id;

    /// <summary>Its number on the wire. An RU message gets it when it is first sent, so that one that was never sent leaves no gap.</summary>
    public ulong Number;

    /// <summary>Bytes not yet sent, where they lie in one piece, as most do: that needs no chunk.</summary>
    public PayloadSlice Piece;

    /// <summary>Bytes in all.</summary>
    public int Length;

    /// <summary>Else the bytes not yet sent.</summary>
    public ChunkList Unsent;

    public Instant Deadline;
    public int Stream;
    public uint StreamGeneration;
    public uint StreamId;
    public int Connection;
    public uint Generation;
    public ListLink Link;

    /// <summary>Bytes that were sent at least once.</summary>
    public int Sent;

    /// <summary>Segments that are not acknowledged.</summary>
    public int Outstanding;

    /// <summary>Links of the pairing heap of deadlines.</summary>
    public int HeapChild;
    public int HeapSibling;
    public int HeapPrevious;

    public ListLink SkipLink;

    public MessageFlags Flags;

    /// <summary>How often the same part may be lost before the message is given up; 0: until the stream's limit ends the stream.</summary>
    public byte MaxAttempts;

    /// <summary>Of a repair: the messages of its group, its row, and the parity of their lengths.</summary>
    public byte GroupSize;
    public byte Row;
    public uint LengthParity;

    /// <summary>Of a repair: the slots of the paths that the messages of its group took, a bit each. It takes another where there is one.</summary>
    public byte AvoidedPaths;

    /// <summary>How it ended, for the report.</summary>
    public EventKind Outcome;

    public readonly bool IsAllSent => Piece.Length == 0 && Unsent.IsEmpty;

    public readonly bool Has(MessageFlags flag) => (Flags & flag) != 0;

    /// <summary>Its place among the messages of its stream.</summary>
    internal readonly struct InStream : IListLink<OutboundMessage>
    {
        public static ref ListLink Of(ref OutboundMessage record) => ref record.Link;
    }

    /// <summary>Its place among the messages of its connection that DATA_SKIP must name.</summary>
    internal readonly struct InSkips : IListLink<OutboundMessage>
    {
        public static ref ListLink Of(ref OutboundMessage record) => ref record.SkipLink;
    }
}
