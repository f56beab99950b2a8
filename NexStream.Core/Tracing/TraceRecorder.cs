using NexStream.Core.Buffers;
using NexStream.Core.Config;

namespace NexStream.Core.Tracing;

/// <summary>
/// Writes down every input of an endpoint, in order, and a hash of all that it gives back, so that the run can be replayed bit for bit (docs/traces.md). Give it to the
/// endpoint's constructor; one recorder is for one endpoint. It allocates nothing once it is made, and changes nothing of what the endpoint does. A trace contains the endpoint's
/// key and all that was sent and received: keep it like these.
/// </summary>
public sealed class TraceRecorder
{
    private readonly TraceWriter _writer;
    private readonly TraceDetail _detail;
    private readonly PayloadTrace _payloads;
    private bool _isAttached;

    /// <summary>A recorder. Begins the trace in the sink.</summary>
    /// <param name="sink">Where the trace goes.</param>
    /// <param name="detail">How much of what the endpoint gives back is kept.</param>
    /// <param name="generators">Who makes up payloads, at most 8; null: nobody.</param>
    /// <exception cref="ArgumentException">There are too many generators.</exception>
    public TraceRecorder(ITraceSink sink, TraceDetail detail = TraceDetail.Hashes, IReadOnlyList<IPayloadGenerator>? generators = null)
    {
        ArgumentNullException.ThrowIfNull(sink);
        generators ??= [];
        Limit.Check(generators.Count, 0, TraceFormat.GeneratorsMax, nameof(generators));
        _detail = detail;
        _writer = new TraceWriter(sink);
        _payloads = new PayloadTrace(_writer, generators);
    }

    /// <summary>Bytes that the sink was given so far.</summary>
    public long BytesWritten => _writer.Written;

    /// <summary>Calls of the endpoint that were recorded so far.</summary>
    public long InputCount { get; internal set; }

    /// <summary>Hands over what is still here: at the end, and in whatever handles an exception of the endpoint, which is then the last thing that the trace says.</summary>
    public void Flush() => _writer.Flush();

    /// <summary>The endpoint is made, and nothing was done with it yet.</summary>
    /// <exception cref="InvalidOperationException">The recorder has another endpoint.</exception>
    internal EndpointTrace Attach(EndpointConfig config, FrameTable frames)
    {
        if (_isAttached)
        {
            throw new InvalidOperationException("The recorder records another endpoint already: make one for each.");
        }

        _isAttached = true;
        _writer.Operation(TraceOperation.Endpoint);
        _writer.Byte((byte)_detail);
        _payloads.WriteGenerators();
        ConfigTrace.Write(_writer, config);
        _writer.Varint(frames.Arena.FrameSize);
        _writer.Varint(frames.Arena.FrameCount);
        return new EndpointTrace(this, _writer, _payloads, frames, _detail == TraceDetail.Full ? new FullOutcome(_writer) : null);
    }
}
