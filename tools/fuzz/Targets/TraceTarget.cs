using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Tools.Fuzz.Targets;

/// <summary>The reader of traces: changed traces, with the checksums of their blocks made right again or left wrong, are listed and replayed.</summary>
internal sealed class TraceTarget : IFuzzTarget
{
    private const int ChangesMax = 4;

    /// <summary>What a changed trace may ask for and is still replayed: more is memory, and no other code.</summary>
    private const int SizeMax = 1 << 16;

    /// <summary>Frames of the endpoints that are replayed, whose memory is made anew for each input.</summary>
    private const int TraceFrames = 16;

    /// <summary>Calls of a trace that inputs are made from: so many as fit one.</summary>
    private const int CallsMax = 24;

    private static readonly Lazy<byte[][]> s_traces = new(Record);

    public string Name => "trace";

    public string Description => "changed traces through the reader, the listing and replay";

    public long DefaultIterations => 20_000;

    public int InputMax => 4096;

    public int Generate(ref FuzzRandom random, Span<byte> input)
    {
        byte[] trace = s_traces.Value[random.Below(s_traces.Value.Length)];
        int length = Math.Min(trace.Length, input.Length);
        trace.AsSpan(0, length).CopyTo(input);
        Span<byte> bytes = stackalloc byte[16 * ChangesMax];
        random.Fill(bytes);
        var decisions = new Decisions(bytes);

        // The beginning stays what it is, mostly: without an endpoint nothing else is read.
        int kept = random.OneIn(4) ? 0 : Math.Min(SetupLength(trace), length);
        for (int changes = random.Below(ChangesMax + 1); changes > 0; changes--)
        {
            length = kept + Mutator.Apply(ref decisions, input[kept..], length - kept);
        }

        if (!random.OneIn(4))
        {
            Seal(input[..length]);
        }

        return length;
    }

    public int Mutate(ref FuzzRandom random, Span<byte> input, int length)
    {
        length = Mutator.Apply(ref random, input, length);
        if (!random.OneIn(4))
        {
            Seal(input[..length]);
        }

        return length;
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] trace = input.ToArray();
        try
        {
            TraceListing.Write(new MemoryStream(trace), TextWriter.Null, 0, long.MaxValue);
            if (IsSmall(trace))
            {
                Exception? thrown = Replayer.Run(new MemoryStream(trace)).Thrown;
                if (thrown is OverflowException)
                {
                    ExceptionDispatchInfo.Throw(thrown);
                }
            }
        }
        catch (TraceException)
        {
            // The documented way to say that it is none.
        }
    }

    /// <summary>Whether replay would only take memory that everybody has.</summary>
    private static bool IsSmall(byte[] trace)
    {
        var reader = new TraceReader(new MemoryStream(trace));
        EndpointSetup setup = reader.Setup;
        bool isSmall = (long)setup.FrameSize * setup.FrameCount <= 16 * SizeMax
            && setup.Config.MaxConnections + setup.Config.MaxStreams + setup.Config.MaxPacketsInFlight + setup.Config.MaxMessages + setup.Config.MaxChunks
                + (long)setup.Config.MaxProbabilisticStreams + setup.Config.MaxRepairGroups <= SizeMax
            && setup.Config.Connection.MaxStreams <= SizeMax;
        while (isSmall && reader.TryRead(out TraceStep step))
        {
            isSmall = step.Input switch
            {
                RegisterRegionInput region => (long)region.FrameSize * region.FrameCount <= SizeMax,
                ReadInput read => read.Length <= SizeMax,
                _ => true,
            };
        }

        return isSmall;
    }

    /// <summary>Gives the only block the length and the checksum that it has to have.</summary>
    private static void Seal(Span<byte> trace)
    {
        int start = TraceFormat.Magic.Length + 1;
        if (trace.Length > start + TraceFormat.BlockHeaderSize)
        {
            Span<byte> block = trace[start..];
            BinaryPrimitives.WriteUInt32LittleEndian(block, 0);
            BinaryPrimitives.WriteInt32LittleEndian(block[4..], block.Length - TraceFormat.BlockHeaderSize);
            BinaryPrimitives.WriteUInt32LittleEndian(block[8..], 0);
            BinaryPrimitives.WriteUInt32LittleEndian(block[8..], BlockChecksum.Of(block));
        }
    }

    /// <summary>Bytes up to the first call.</summary>
    private static int SetupLength(byte[] trace)
    {
        int read = TraceFormat.Magic.Length + 1 + TraceFormat.BlockHeaderSize;
        _ = new TraceReader(new MemoryStream(trace), tap: bytes => read += bytes.Length);
        return read;
    }

    /// <summary>Short pieces of what two endpoints do, as traces of one block.</summary>
    private static byte[][] Record()
    {
        Recording.Begin();
        var world = new World(new WorldOptions { FrameCount = TraceFrames });
        world.A.Connect(world.B.Endpoint.Node, world.Now);
        for (int i = 0; i < 4; i++)
        {
            world.Tick();
        }

        foreach (ConnectionHandle connection in world.A.Connections)
        {
            for (TransportMode mode = TransportMode.ReliableOrdered; mode <= TransportMode.Probabilistic; mode++)
            {
                connection.OpenStream(new Core.Config.StreamConfig(mode), out StreamHandle stream);
                stream.Send(new byte[20]);
            }
        }

        world.Tick();
        world.Finish();
        var traces = new List<byte[]>();
        foreach (byte[] whole in Recording.End())
        {
            for (int from = 0; from < 3 * CallsMax; from += CallsMax)
            {
                using var piece = new MemoryStream();
                TraceEditor.Cut(new MemoryStream(whole), from, from + CallsMax, piece);
                traces.Add(piece.ToArray());
            }

            using var first = new MemoryStream();
            TraceEditor.CopyFirst(new MemoryStream(whole), CallsMax, first);
            traces.Add(first.ToArray());
        }

        return [.. traces];
    }
}
