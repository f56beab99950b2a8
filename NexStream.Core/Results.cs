using System.Diagnostics.CodeAnalysis;
using NexStream.Core.Primitives;

namespace NexStream.Core;

/// <summary>How a call of the application ended. Nothing blocks: what cannot be done now says so.</summary>
public enum CallStatus : byte
{
    /// <summary>Done.</summary>
    Ok,

    /// <summary>Nothing to read, or no room to send; an event will tell when that changes.</summary>
    WouldBlock,

    /// <summary>The handle is stale, the stream or its half has ended, or the connection is closing.</summary>
    Closed,

    /// <summary>The peer ended its sending half and everything was read.</summary>
    EndOfStream,

    /// <summary>The peer reset the stream, or it failed; <see cref="ReceiveResult.Reason"/> says why.</summary>
    Reset,

    /// <summary>
    /// The message is longer than the peer, a packet, what a send may hold of this endpoint's memory, or the given buffer allow; nothing was sent or taken.
    /// </summary>
    MessageTooLong,

    /// <summary>A message has to have at least one byte.</summary>
    MessageEmpty,

    /// <summary>The limit on streams, the peer's or the endpoint's, is reached; an event will tell when that changes.</summary>
    LimitReached,
}

// The results consist of whole words. A processor forwards a store only to loads that it covers: of narrower fields side by side, written one by one and copied
// together, the copy would wait until all of them have reached the cache.

/// <summary>What a send took.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Bytes">Bytes taken; RO may take fewer than it was given.</param>
/// <param name="Message">The message's number, for messages.</param>
public readonly record struct SendResult(CallStatus Status, int Bytes = 0, ulong Message = 0)
{
    private readonly ulong _outcome = WordPair.Of((uint)Status, (uint)Bytes);

    /// <summary>How it ended.</summary>
    public CallStatus Status
    {
        get => (CallStatus)WordPair.Low(_outcome);
        init => _outcome = WordPair.WithLow(_outcome, (uint)value);
    }

    /// <summary>Bytes taken; RO may take fewer than it was given.</summary>
    public int Bytes
    {
        get => (int)WordPair.High(_outcome);
        init => _outcome = WordPair.WithHigh(_outcome, (uint)value);
    }
}

/// <summary>What a receive gave.</summary>
public readonly record struct ReceiveResult
{
    /// <summary>In the low half of <see cref="_outcome"/>, above the status.</summary>
    private const uint HasNumber = 1u << 8;

    private readonly ulong _outcome;
    private readonly ulong _extent;

    [SetsRequiredMembers]
    internal ReceiveResult(CallStatus status, int bytes)
    {
        _outcome = (uint)status;
        _extent = (uint)bytes;
    }

    [SetsRequiredMembers]
    internal ReceiveResult(CallStatus status, int bytes, ulong message, bool hasMessageNumber)
        : this(status, bytes)
    {
        _outcome |= hasMessageNumber ? HasNumber : 0;
        Message = message;
    }

    /// <summary>How it ended.</summary>
    public required CallStatus Status
    {
        get => (CallStatus)(WordPair.Low(_outcome) & byte.MaxValue);
        init => _outcome = WordPair.WithLow(_outcome, (WordPair.Low(_outcome) & HasNumber) | (uint)value);
    }

    /// <summary>Bytes copied or handed over; with <see cref="CallStatus.MessageTooLong"/> the length that the message needs.</summary>
    public int Bytes
    {
        get => (int)WordPair.Low(_extent);
        init => _extent = WordPair.WithLow(_extent, (uint)value);
    }

    /// <summary>
    /// Slices handed over by <see cref="StreamHandle.ReceiveZeroCopy"/>; with <see cref="CallStatus.MessageTooLong"/> how many the message needs.
    /// </summary>
    public int Slices
    {
        get => (int)WordPair.High(_extent);
        init => _extent = WordPair.WithHigh(_extent, (uint)value);
    }

    /// <summary>The message's number where it has one: RU, PR, and BE with sequence numbers.</summary>
    public ulong Message { get; init; }

    /// <summary>Whether <see cref="Message"/> means something.</summary>
    public bool HasMessageNumber
    {
        get => (WordPair.Low(_outcome) & HasNumber) != 0;
        init => _outcome = WordPair.WithLow(_outcome, (WordPair.Low(_outcome) & ~HasNumber) | (value ? HasNumber : 0));
    }

    /// <summary>Why the stream was reset.</summary>
    public ReasonCode Reason
    {
        get => (ReasonCode)WordPair.High(_outcome);
        init => _outcome = WordPair.WithHigh(_outcome, (uint)value);
    }
}

/// <summary>How a message, or RO data, is to be sent.</summary>
/// <param name="Deadline">
/// When it is of no use any more; default: never. An RU, BE or PR message is then given up; an RO stream is reset, because it can have no holes.
/// </param>
/// <param name="Report">Whether an event tells how the message ended.</param>
/// <param name="MaxAttempts">
/// RU: how often the same part of the message may be lost before the message is given up (RFC 3758); 0: only the stream's limit counts, which ends the stream.
/// </param>
public readonly record struct SendOptions(Instant Deadline = default, bool Report = false, byte MaxAttempts = 0)
{
    internal bool HasDeadline
    {
        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
        get => Deadline != default && Deadline != Instant.Never;
    }

    internal Instant EffectiveDeadline => Deadline == default ? Instant.Never : Deadline;
}
