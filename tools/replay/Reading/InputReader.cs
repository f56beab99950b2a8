using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay.Inputs;

namespace NexStream.Replay.Reading;

/// <summary>Reads one call after another, as <see cref="EndpointTrace"/> and <see cref="StreamTrace"/> write them.</summary>
internal sealed class InputReader(ItemReader items, ConfigReader configs, EndpointConfig endpoint)
{
    // What one call can hand over: far more than anybody does, and little enough to believe.
    private const int SlicesMax = 1 << 16;
    private const int PlacesMax = 1 << 16;

    private readonly ReceivedReader _received = new(items);

    /// <exception cref="TraceException">It is none.</exception>
    public TraceInput Read()
    {
        byte operation = items.Byte();
        switch ((TraceOperation)operation)
        {
            case TraceOperation.TakeFrames:
                return new TakeFramesInput(items.Int(1 << PayloadSlice.IndexBits, "The number of frames"));
            case TraceOperation.RegisterRegion:
                return ReadRegion();
            case TraceOperation.UnregisterRegion:
                return new UnregisterRegionInput(unchecked((int)items.UInt("The number of a region")));
            case TraceOperation.ReleaseFrame:
                uint frame = items.Frame();
                return new ReleaseFrameInput(frame, unchecked((int)items.UInt("The number of holds")));
            case TraceOperation.Return:
                return new ReturnInput(Slices());
            case TraceOperation.Connect:
                return ReadConnect();
            case TraceOperation.ChangeNode:
                Instant changed = items.Time();
                return new ChangeNodeInput(items.Node(), changed);
            case TraceOperation.Receive:
                return _received.Read();
            case TraceOperation.HandleTimeout:
                Instant due = items.Time();
                (int timed, uint timedGeneration) = Connection();
                return new HandleTimeoutInput(timed, timedGeneration, due);
            case TraceOperation.Transmit:
                Instant now = items.Time();
                return new TransmitInput(now, items.Int(PlacesMax, "The length of a burst"));
            case TraceOperation.TakeEvent:
                return new TakeEventInput();
            case TraceOperation.TakeDeadline:
                return new TakeDeadlineInput();
            case TraceOperation.OpenStream:
                (int opener, uint openerGeneration) = Connection();
                return new OpenStreamInput(opener, openerGeneration, configs.Stream());
            case TraceOperation.CloseConnection or TraceOperation.AbortConnection:
                return ReadEnd(isAbort: operation == (byte)TraceOperation.AbortConnection);
            case TraceOperation.OpenPath:
                (int brancher, uint brancherGeneration) = Connection();
                Instant opened = items.Time();
                return new OpenPathInput(brancher, brancherGeneration, items.Node(), opened);
            case TraceOperation.ClosePath:
                (int pruner, uint prunerGeneration) = Connection();
                Instant closed = items.Time();
                return new ClosePathInput(pruner, prunerGeneration, items.Byte(), closed);
            case TraceOperation.SetPathWeight:
                (int weigher, uint weigherGeneration) = Connection();
                byte path = items.Byte();
                return new SetPathWeightInput(weigher, weigherGeneration, path, items.Byte());
            default:
                return ReadOfStream((TraceOperation)operation);
        }
    }

    private TraceInput ReadOfStream(TraceOperation operation)
    {
        if (operation is < TraceOperation.Send or > TraceOperation.ResetStream)
        {
            throw new TraceException($"There is no call {(byte)operation}.");
        }

        int index = items.Int(endpoint.MaxStreams - 1, "The index of a stream");
        uint generation = items.UInt("The generation of a stream");
        switch (operation)
        {
            case TraceOperation.Send:
                SendOptions options = Options();
                return new SendInput(index, generation, items.Payload(), options);
            case TraceOperation.Lease:
                return new LeaseInput(index, generation);
            case TraceOperation.SendZeroCopy:
                SendOptions lentOptions = Options();
                return new SendZeroCopyInput(index, generation, FilledSlices(items), lentOptions);
            case TraceOperation.Read:
                return new ReadInput(index, generation, items.Int(int.MaxValue, "The length of a buffer"));
            case TraceOperation.ReadZeroCopy:
                return new ReadZeroCopyInput(index, generation, items.Int(SlicesMax, "The number of slices"));
            case TraceOperation.SetDelivery:
                return new SetDeliveryInput(index, generation, configs.Delivery());
            case TraceOperation.Finish:
                return new FinishInput(index, generation);
            case TraceOperation.CloseStream:
                return new CloseStreamInput(index, generation);
            default:
                return new ResetStreamInput(index, generation, (ReasonCode)items.UInt("A reason"));
        }
    }

    /// <summary>Slices with what lies in them.</summary>
    public static FilledSlice[] FilledSlices(ItemReader items)
    {
        var slices = new FilledSlice[items.Int(SlicesMax, "The number of slices")];
        for (int i = 0; i < slices.Length; i++)
        {
            bool isInside = items.Flag();
            PayloadSlice slice = items.Slice();
            if (isInside && slice.Length is < 0 or > ItemReader.PayloadMax)
            {
                throw new TraceException($"A slice has {slice.Length} bytes.");
            }

            slices[i] = new FilledSlice(slice, isInside ? items.PayloadOf(slice.Length) : null);
        }

        return slices;
    }

    private RegisterRegionInput ReadRegion()
    {
        int size = items.Int(int.MaxValue, "The size of a frame");
        int count = items.Int(1 << PayloadSlice.IndexBits, "The number of frames");
        return size > 0 && count > 0 ? new RegisterRegionInput(size, count) : throw new TraceException("A region is empty.");
    }

    private ConnectInput ReadConnect()
    {
        Instant now = items.Time();
        NodeId remote = items.Node();
        return new ConnectInput(remote, now, items.Flag() ? configs.Connection() : null);
    }

    private EndConnectionInput ReadEnd(bool isAbort)
    {
        (int index, uint generation) = Connection();
        Instant now = items.Time();
        return new EndConnectionInput(index, generation, now, (ReasonCode)items.UInt("A reason"), isAbort);
    }

    private (int Index, uint Generation) Connection()
    {
        int index = items.Int(endpoint.MaxConnections - 1, "The index of a connection");
        return (index, items.UInt("The generation of a connection"));
    }

    private PayloadSlice[] Slices()
    {
        var slices = new PayloadSlice[items.Int(SlicesMax, "The number of slices")];
        for (int i = 0; i < slices.Length; i++)
        {
            slices[i] = items.Slice();
        }

        return slices;
    }

    private SendOptions Options()
    {
        byte flags = items.Byte();
        byte attempts = items.Byte();
        Instant deadline = (flags & StreamTrace.DeadlineOption) != 0 ? new Instant(items.Signed()) : default;
        return new SendOptions(deadline, (flags & StreamTrace.ReportOption) != 0, attempts);
    }
}
