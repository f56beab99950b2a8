using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;

namespace NexStream.Replay.Running;

/// <summary>A fresh endpoint over fresh memory, and everything around it that a recorded run had: calls are carried out on it, and what they give back is collected.</summary>
internal sealed class ReplayHost : IDisposable
{
    private Transmission[] _burst = [];
    private byte[] _buffer = [];

    /// <summary>An endpoint as it was made for the trace.</summary>
    /// <param name="setup">What it was made with.</param>
    /// <param name="isLoose">Whether calls may be missing.</param>
    /// <param name="recorder">Records this run anew; null: nobody does.</param>
    public ReplayHost(EndpointSetup setup, bool isLoose = false, TraceRecorder? recorder = null)
    {
        Memory = new ReplayMemory(setup.FrameSize, setup.FrameCount);
        Endpoint = new Endpoint(setup.Config, Memory.Arena, recorder);
        Holds = isLoose ? new LooseHolds(Endpoint) : new ExactHolds(Endpoint);
        Outcome = new OutcomeTrace(Frames) { Fields = Fields };
    }

    public ReplayMemory Memory { get; }

    public Endpoint Endpoint { get; }

    public FrameTable Frames => Endpoint.State.Frames;

    public IHolds Holds { get; }

    /// <summary>Takes in what a call gives back.</summary>
    public OutcomeTrace Outcome { get; }

    /// <summary>All of it, of the last call.</summary>
    public OutcomeFields Fields { get; } = new();

    /// <summary>Whether the last call gave something back.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>Carries a call out.</summary>
    public void Apply(TraceInput input)
    {
        HasAnswered = false;
        Fields.Clear();
        input.Apply(this);
    }

    /// <summary>What the call gave back is complete.</summary>
    public void Answer() => HasAnswered = true;

    /// <summary>The call gave back how it ended.</summary>
    public void Answer(CallStatus status)
    {
        Outcome.Status(status);
        Answer();
    }

    public ConnectionHandle Connection(int index, uint generation) => new(Endpoint, index, generation);

    /// <summary>
    /// A handle as an endpoint gave it out. Of a record that never held a stream it gave none: only a trace that was made up names one, and what is in the record is no stream.
    /// </summary>
    public StreamHandle Stream(int index, uint generation) =>
        Endpoint.State.Streams[index].Id == StreamId.ConnectionControl ? default : new(Endpoint, index, generation);

    /// <summary>Puts bytes where a slice names them.</summary>
    public void Put(FilledSlice part)
    {
        if (part.Bytes is not null && Frames.Contains(part.Slice))
        {
            part.Bytes.CopyTo(Frames.Bytes(part.Slice));
        }
    }

    /// <summary>Places for packets.</summary>
    public ReadOnlySpan<Transmission> Burst(int places)
    {
        if (_burst.Length < places)
        {
            _burst = [.. _burst, .. Enumerable.Range(0, places - _burst.Length).Select(_ => new Transmission())];
        }

        return _burst.AsSpan(0, places);
    }

    /// <summary>A buffer to read into.</summary>
    public Span<byte> Buffer(int length)
    {
        if (_buffer.Length < length)
        {
            _buffer = GC.AllocateUninitializedArray<byte>(length);
        }

        return _buffer.AsSpan(0, length);
    }

    public void Dispose() => Memory.Dispose();
}
