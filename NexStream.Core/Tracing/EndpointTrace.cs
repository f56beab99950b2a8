using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Tracing;

/// <summary>Records the calls of an endpoint: each before it is carried out, so that one which throws is there, and what it gave back behind it.</summary>
internal sealed class EndpointTrace
{
    private readonly TraceRecorder _recorder;
    private readonly TraceWriter _writer;
    private readonly ReceivedTrace _received;
    private readonly FrameTable _frames;
    private readonly FullOutcome? _full;
    private readonly OutcomeTrace _outcome;
    private uint _takenByHost;

    public EndpointTrace(TraceRecorder recorder, TraceWriter writer, PayloadTrace payloads, FrameTable frames, FullOutcome? full)
    {
        _recorder = recorder;
        _writer = writer;
        _frames = frames;
        _received = new ReceivedTrace(writer, payloads, frames);
        _full = full;
        _outcome = new OutcomeTrace(frames) { Fields = full };
        Streams = new StreamTrace(this, writer, payloads, frames, _outcome);
    }

    /// <summary>Records the calls of handles.</summary>
    public StreamTrace Streams { get; }

    public void RegisterRegion(FrameRegion region)
    {
        Begin(TraceOperation.RegisterRegion);
        _writer.Varint(region.FrameSize);
        _writer.Varint(region.FrameCount);
    }

    public void OnRegistered(FrameRegion region)
    {
        _outcome.Watch(region);
        _outcome.Region(region.Number);
        End();
    }

    /// <summary>Forgets a region, if nothing references it.</summary>
    public bool UnregisterRegion(FrameRegion region)
    {
        int number = region.Number;
        Begin(TraceOperation.UnregisterRegion);
        _writer.Varint(number);
        bool isDone = _frames.TryUnregister(region);
        if (isDone)
        {
            _outcome.Forget(number);
        }

        _outcome.Region(isDone ? 1 : 0);
        End();
        return isDone;
    }

    public void ReleaseFrame(uint frame, int holds)
    {
        Begin(TraceOperation.ReleaseFrame);
        _writer.Frame(frame);
        _writer.Varint(holds);
    }

    public void Return(ReadOnlySpan<PayloadSlice> slices)
    {
        Begin(TraceOperation.Return);
        _writer.Slices(slices);
    }

    public void OnReturned()
    {
        _outcome.Done();
        End();
    }

    public void Connect(NodeId remote, Instant now, ConnectionConfig? config)
    {
        Begin(TraceOperation.Connect);
        _writer.Time(now);
        _writer.Node(remote);
        _writer.Flag(config is not null);
        if (config is not null)
        {
            ConfigTrace.Write(_writer, config);
        }
    }

    public void OnConnected(CallStatus status, in ConnectionHandle connection)
    {
        _outcome.Status(status);
        _outcome.Handle(connection.Index, connection.Generation);
        End();
    }

    public void ChangeNode(NodeId node, Instant now)
    {
        Begin(TraceOperation.ChangeNode);
        _writer.Time(now);
        _writer.Node(node);
    }

    public void Receive(in LinkFrame frame, Instant now)
    {
        Begin(TraceOperation.Receive);
        _writer.Time(now);
        _received.Write(frame);
    }

    public void HandleTimeout(in ConnectionHandle connection, Instant now)
    {
        Begin(TraceOperation.HandleTimeout);
        _writer.Time(now);
        _writer.Handle(connection.Index, connection.Generation);
    }

    public void Transmit(Instant now, int places)
    {
        Begin(TraceOperation.Transmit);
        _writer.Time(now);
        _writer.Varint(places);
        _outcome.Memory();
    }

    public void OnTransmitted(ReadOnlySpan<Transmission> burst)
    {
        if (!burst.IsEmpty)
        {
            _outcome.Packets(burst);
            End();
        }
    }

    /// <summary>Takes an event, if there is one.</summary>
    public bool TakeEvent(EventQueue events, out EndpointEvent item)
    {
        Begin(TraceOperation.TakeEvent);
        bool isThere = events.TryGet(out item);
        if (isThere)
        {
            _outcome.Event(item);
            End();
        }

        return isThere;
    }

    public void TakeDeadline() => Begin(TraceOperation.TakeDeadline);

    public void OnDeadline(in ConnectionDeadline deadline)
    {
        _outcome.Deadline(deadline);
        End();
    }

    /// <summary>A call begins. What the host did with the arena since the last one comes first.</summary>
    public void Begin(TraceOperation operation)
    {
        uint taken = _frames.Arena.TakenByHost;
        if (taken != _takenByHost)
        {
            _writer.Operation(TraceOperation.TakeFrames);
            _writer.Varint(unchecked(taken - _takenByHost));
            _takenByHost = taken;
            _recorder.InputCount++;
        }

        _recorder.InputCount++;
        _writer.Operation(operation);
    }

    /// <summary>The outcome of the call is complete.</summary>
    public void End()
    {
        if (_full is null)
        {
            _writer.Operation(TraceOperation.Outcome);
        }
        else
        {
            _full.Close();
        }

        _writer.Word(_outcome.Hash);
    }
}
