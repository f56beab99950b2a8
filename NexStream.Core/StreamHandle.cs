using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Core.Tracing;

namespace NexStream.Core;

/// <summary>
/// Names a stream of an endpoint. A handle is a value: it can be kept, compared and used at any time. Once the stream is gone the
/// handle is stale: every call answers <see cref="CallStatus.Closed"/>, throws nothing, and reaches no other stream.
/// </summary>
public readonly record struct StreamHandle
{
    private readonly Endpoint? _endpoint;

    internal StreamHandle(Endpoint endpoint, int index, uint generation)
    {
        _endpoint = endpoint;
        Index = index;
        Generation = generation;
    }

    /// <summary>A number that no other living stream of the endpoint has: below <see cref="Config.EndpointConfig.MaxStreams"/>.</summary>
    public int Index { get; }

    internal uint Generation { get; }

    /// <summary>The stream's id on the wire; 0 where the handle is stale.</summary>
    public uint Id => _endpoint?.StreamCalls.IdOf(this) ?? 0;

    /// <summary>How the stream delivers; the default where the handle is stale.</summary>
    public TransportMode Mode => Statistics.Mode;

    /// <summary>
    /// Bytes of the longest message that <see cref="Send"/> takes now; a longer one is <see cref="CallStatus.MessageTooLong"/>. In BE and PR it is what one packet
    /// carries, which grows and shrinks with the path (RFC 8899 §3); in RU the lesser of what the peer allows (<see cref="Config.ConnectionConfig.MaxMessageLength"/>, and its memory)
    /// and half of this connection's memory. 0 in RO, and where the handle is stale; that a stream takes nothing any more, because it was finished, only a send tells.
    /// </summary>
    public int MessageLengthMax => _endpoint?.StreamCalls.MessageLengthMaxOf(this) ?? 0;

    /// <summary>Whether there is something to read, or an end of the stream that was not read. Level-triggered: it holds until it is read.</summary>
    public bool IsReadable => _endpoint?.StreamCalls.IsReadable(this) ?? false;

    /// <summary>
    /// Sends bytes (RO) or one message (RU, BE, PR). The data is copied once; it may be reused at once.
    /// RO takes what fits and says how much; a message is taken whole or not at all.
    /// </summary>
    /// <param name="data">Bytes, or one message of at least one byte.</param>
    /// <param name="options">When the data is of no use any more, and whether an event tells how a message ended.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: a message was taken whole, and <see cref="SendResult.Message"/> is its number; of RO <see cref="SendResult.Bytes"/> were taken.
    /// Where these are fewer than were given, <see cref="Events.EventKind.StreamWritable"/> tells when the rest has room.
    /// <see cref="CallStatus.WouldBlock"/>: nothing was taken for want of room, and the same event tells when there is some. In BE and PR, whose oldest messages
    /// make room, that is only where the memory or the records of the whole endpoint are used up.
    /// <see cref="CallStatus.MessageTooLong"/>: more than <see cref="MessageLengthMax"/>; <see cref="CallStatus.MessageEmpty"/>. Nothing was taken, no event
    /// follows, and in RO neither is answered.
    /// <see cref="CallStatus.Closed"/>: nothing was taken, nor will it ever be: the handle is stale, the sending half was finished or reset, the peer asked to stop,
    /// or the connection closes.
    /// </returns>
    public SendResult Send(ReadOnlySpan<byte> data, in SendOptions options = default)
    {
        if (_endpoint is not { } endpoint)
        {
            return new SendResult(CallStatus.Closed);
        }

        if (endpoint.Trace is { } trace)
        {
            return RecordedCalls.Send(trace, endpoint.StreamCalls, this, data, options);
        }

        return endpoint.StreamCalls.Send(this, data, options);
    }

    /// <summary>
    /// Takes a frame of the endpoint's arena to write into: all of it, <see cref="FrameRegion.FrameSize"/> bytes, which
    /// <see cref="Endpoint.Bytes"/> gives. It counts against the memory that the connection may use for sending, as sent data does.
    /// </summary>
    /// <param name="slice">The frame, when the answer is <see cref="CallStatus.Ok"/>. It is the caller's until <see cref="SendZeroCopy"/> takes it or
    /// <see cref="Endpoint.Return"/> gives it back; one of these is due in any case, also when the stream or the connection ends.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>; <see cref="CallStatus.WouldBlock"/>: no memory now, an event tells when to try again;
    /// <see cref="CallStatus.Closed"/>.
    /// </returns>
    public CallStatus TryLease(out PayloadSlice slice)
    {
        slice = default;
        return _endpoint is not { } endpoint ? CallStatus.Closed
            : endpoint.Trace is { } trace ? RecordedCalls.TryLease(trace, endpoint.StreamCalls, this, out slice)
            : endpoint.StreamCalls.TryLease(this, out slice);
    }

    /// <summary>
    /// Sends leased frames without a copy (NS-NF-007), whole or not at all: RO appends their bytes to the stream, in the other modes they are one
    /// message. Each slice may be a part of its lease (<see cref="PayloadSlice.WithLength"/>, <see cref="PayloadSlice.SkipFirst"/>); the rest of the
    /// frame is not used. A BE or PR message has at most <see cref="Wire.Transmission.SliceCountMax"/> slices.
    /// </summary>
    /// <param name="slices">Leases, each at most once. Slices that this connection received may be sent on as well where they lie in the endpoint's own arena.</param>
    /// <param name="options">As for <see cref="Send"/>.</param>
    /// <returns>
    /// With <see cref="CallStatus.Ok"/> the endpoint owns the slices: the bytes must not be changed any more, since they are sent again from where
    /// they lie, and the frames go back to the arena when they were acknowledged. With any other answer the caller still owns them:
    /// <see cref="CallStatus.WouldBlock"/> as for <see cref="Send"/>, where the stream's send buffer is full and not empty;
    /// <see cref="CallStatus.MessageTooLong"/>, also for more slices than three quarters of <see cref="EndpointConfig.MaxChunks"/>;
    /// <see cref="CallStatus.MessageEmpty"/>, <see cref="CallStatus.Closed"/>.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// A slice is empty, outside of the arena, not leased (any more), or leased from another connection. The message says which and why; none was taken.
    /// </exception>
    public SendResult SendZeroCopy(ReadOnlySpan<PayloadSlice> slices, in SendOptions options = default)
    {
        if (_endpoint is not { } endpoint)
        {
            return new SendResult(CallStatus.Closed);
        }

        if (endpoint.Trace is { } trace)
        {
            return RecordedCalls.SendZeroCopy(trace, endpoint.StreamCalls, this, slices, options);
        }

        return endpoint.StreamCalls.SendZeroCopy(this, slices, options);
    }

    /// <summary>
    /// Reads bytes (RO) or one message (RU, BE, PR) into <paramref name="destination"/>. In RO fewer bytes than that holds say that there are no more for now, and an event
    /// tells of more; but the end may be there already, and only another call tells that.
    /// </summary>
    /// <param name="destination">Where the bytes go.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: <see cref="ReceiveResult.Bytes"/> were copied; of a message that is all of it.
    /// <see cref="CallStatus.WouldBlock"/>: there is nothing now; <see cref="Events.EventKind.StreamReadable"/> tells of more.
    /// <see cref="CallStatus.MessageTooLong"/>: the next message is longer than <paramref name="destination"/>; nothing was taken, and
    /// <see cref="ReceiveResult.Bytes"/> says how long it is.
    /// <see cref="CallStatus.EndOfStream"/>: the peer finished and everything was read. This is answered once, and then <see cref="CallStatus.Closed"/>.
    /// <see cref="CallStatus.Reset"/>: the peer or this side gave the stream up, with <see cref="ReceiveResult.Reason"/>; what was not read is gone. It is answered until
    /// the handle is stale.
    /// <see cref="CallStatus.Closed"/>: there is nothing, and never will be: the handle is stale, the end was told, this side closed the stream, or it was given up
    /// without a reason.
    /// </returns>
    public ReceiveResult Receive(Span<byte> destination)
    {
        if (_endpoint is not { } endpoint)
        {
            return new ReceiveResult { Status = CallStatus.Closed };
        }

        if (endpoint.Trace is { } trace)
        {
            return RecordedCalls.Receive(trace, endpoint.StreamCalls, this, destination);
        }

        return endpoint.StreamCalls.Receive(this, destination);
    }

    /// <summary>
    /// Reads without a copy (NS-NF-007): hands over the memory that received bytes lie in, often the sender's own. RO gives as many runs as there are
    /// and fit; a message comes whole or not at all. Payload of up to 256 bytes, or a sixteenth of a frame, was copied together when it arrived;
    /// so were such pieces of a longer slice that the cut into packets left.
    /// </summary>
    /// <param name="destination">
    /// Where the slices go, in order; <see cref="Endpoint.Bytes"/> gives what is in them. They are to be read only, and the caller's until
    /// <see cref="Endpoint.Return"/>, which is due in any case, also when the stream or the connection ends. Flow control credit goes back at once, but
    /// the frames count against the connection's share until then: one that keeps too many receives nothing more.
    /// </param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: <see cref="ReceiveResult.Slices"/> were handed over, with <see cref="ReceiveResult.Bytes"/> in all; of a message that is all of it.
    /// <see cref="CallStatus.MessageTooLong"/>: the next message has more slices than <paramref name="destination"/> has places; nothing was taken, and
    /// <see cref="ReceiveResult.Slices"/> says how many it has.
    /// <see cref="CallStatus.WouldBlock"/>: there is nothing now; <see cref="Events.EventKind.StreamReadable"/> tells of more.
    /// <see cref="CallStatus.EndOfStream"/>: the peer finished and everything was read. This is answered once, and then <see cref="CallStatus.Closed"/>.
    /// <see cref="CallStatus.Reset"/>: the peer or this side gave the stream up, with <see cref="ReceiveResult.Reason"/>; what was not read is gone, what was handed
    /// over is still the caller's. It is answered until the handle is stale.
    /// <see cref="CallStatus.Closed"/>: there is nothing, and never will be: the handle is stale, the end was told, this side closed the stream, or it was given up
    /// without a reason.
    /// </returns>
    public ReceiveResult ReceiveZeroCopy(Span<PayloadSlice> destination)
    {
        if (_endpoint is not { } endpoint)
        {
            return new ReceiveResult { Status = CallStatus.Closed };
        }

        if (endpoint.Trace is { } trace)
        {
            return RecordedCalls.ReceiveZeroCopy(trace, endpoint.StreamCalls, this, destination);
        }

        return endpoint.StreamCalls.ReceiveZeroCopy(this, destination);
    }

    /// <summary>PR only: how likely messages sent from now on are to be delivered. Either side sets it for what it sends itself.</summary>
    /// <param name="delivery">The probability, and how it is reached.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: it holds from the next message on. <see cref="CallStatus.Closed"/>: nothing changed, because the stream is not Probabilistic, the
    /// handle is stale, the sending half was finished or reset, or the connection closes.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message names it.</exception>
    /// <exception cref="NotSupportedException">It asks for repairs, and the program was built without them.</exception>
    public CallStatus SetDelivery(in ProbabilisticConfig delivery)
    {
        delivery.Validate();
        return _endpoint is not { } endpoint ? CallStatus.Closed
            : endpoint.Trace is { } trace ? RecordedCalls.SetDelivery(trace, endpoint.StreamCalls, this, delivery)
            : endpoint.StreamCalls.SetDelivery(this, delivery);
    }

    /// <summary>Ends the sending half: what is queued still goes, then the peer reads the end of the stream.</summary>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: sends answer <see cref="CallStatus.Closed"/> from now on; reading goes on. <see cref="CallStatus.Closed"/>: nothing changed, because
    /// the half was finished or reset before, the peer asked to stop, or the handle is stale.
    /// </returns>
    public CallStatus Finish() =>
        _endpoint is not { } endpoint ? CallStatus.Closed
        : endpoint.Trace is { } trace ? RecordedCalls.Finish(trace, endpoint.StreamCalls, this)
        : endpoint.StreamCalls.Finish(this);

    /// <summary>Finishes sending, and reads no more: what still comes is thrown away, and the peer is asked to stop.</summary>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: nothing more can be sent or read, and <see cref="Events.EventKind.StreamClosed"/> tells when the stream is gone; also where a half had ended
    /// before. <see cref="CallStatus.Closed"/>: the handle is stale.
    /// </returns>
    public CallStatus Close() =>
        _endpoint is not { } endpoint ? CallStatus.Closed
        : endpoint.Trace is { } trace ? RecordedCalls.Close(trace, endpoint.StreamCalls, this)
        : endpoint.StreamCalls.Close(this);

    /// <summary>Gives up both halves: what is queued and not acknowledged is not sent any more.</summary>
    /// <param name="reason">What the peer is told.</param>
    /// <returns>
    /// <see cref="CallStatus.Ok"/>: nothing more can be sent or read, and <see cref="Events.EventKind.StreamClosed"/> tells when the stream is gone; also where a half had ended
    /// before. <see cref="CallStatus.Closed"/>: the handle is stale.
    /// </returns>
    public CallStatus Reset(ReasonCode reason) =>
        _endpoint is not { } endpoint ? CallStatus.Closed
        : endpoint.Trace is { } trace ? RecordedCalls.Reset(trace, endpoint.StreamCalls, this, reason)
        : endpoint.StreamCalls.Reset(this, reason);

    /// <summary>What the stream has done so far; the default where the handle is stale.</summary>
    public StreamStatistics Statistics => _endpoint?.StreamCalls.StatisticsOf(this) ?? default;
}
