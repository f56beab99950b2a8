using NexStream.Core.Primitives;
using NexStream.Core.Stats;

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

    /// <summary>Whether there is something to read, or an end of the stream that was not read. Level-triggered: it holds until it is read.</summary>
    public bool IsReadable => _endpoint?.StreamCalls.IsReadable(this) ?? false;

    /// <summary>
    /// Sends bytes (RO) or one message (RU, BE, PR). The data is copied once; it may be reused at once.
    /// RO takes what fits and says how much; a message is taken whole or not at all.
    /// </summary>
    public SendResult Send(ReadOnlySpan<byte> data, in SendOptions options = default) =>
        _endpoint is { } endpoint ? endpoint.StreamCalls.Send(this, data, options) : new SendResult(CallStatus.Closed);

    /// <summary>Reads bytes (RO) or one message (RU, BE, PR) into <paramref name="destination"/>.</summary>
    public ReceiveResult Receive(Span<byte> destination) =>
        _endpoint is { } endpoint ? endpoint.StreamCalls.Receive(this, destination) : new ReceiveResult { Status = CallStatus.Closed };

    /// <summary>Ends the sending half: what is queued still goes, then the peer reads the end of the stream.</summary>
    public CallStatus Finish() => _endpoint?.StreamCalls.Finish(this) ?? CallStatus.Closed;

    /// <summary>Finishes sending, and reads no more: what still comes is thrown away, and the peer is asked to stop.</summary>
    public CallStatus Close() => _endpoint?.StreamCalls.Close(this) ?? CallStatus.Closed;

    /// <summary>Gives up both halves: what is queued and not acknowledged is not sent any more.</summary>
    public CallStatus Reset(ReasonCode reason) => _endpoint?.StreamCalls.Reset(this, reason) ?? CallStatus.Closed;

    /// <summary>What the stream has done so far; the default where the handle is stale.</summary>
    public StreamStatistics Statistics => _endpoint?.StreamCalls.StatisticsOf(this) ?? default;
}
