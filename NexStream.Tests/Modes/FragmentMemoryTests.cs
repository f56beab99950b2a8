using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

/// <summary>What a message that is being put together holds is bounded by what came of it: short runs share frames.</summary>
[TestFixture]
public sealed class FragmentMemoryTests
{
    /// <summary>More than short runs that share frames take, and far fewer than one for each.</summary>
    private const int FramesFew = 20;

    // Frames hold little less or little more than a packet, so that a fragment lies in two, with a few bytes in one of them; or a third of it, so that each has more runs than
    // a message may have for its bytes.
    [Test]
    public void LongestMessage_OverSharedMemory_Arrives(
        [Values(400, 600, 800, 1000, 1200, 1280, 1400, 2048, 4096)] int frameSize, [Values(64, 1024)] int frameCount, [Values] bool usesPrediction, [Values] bool isFirstLost)
    {
        var connection = new ConnectionConfig { MaxFrameLength = ConnectionConfig.FrameLengthMin, SendBuffer = 1 << 22 };
        StreamHandle reader = default;
        EndpointConfig Config(byte node) => ReferencePair.ConfigOf(node, connection) with { MaxConnections = 1 };
        var pair = new ReferencePair(Config(1), Config(2), frameSize, 2048, frameCount) { BurstLength = 20 };
        pair.Client.Endpoint.State.UsesPrediction = usesPrediction;
        pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
        pair.Server.OnEvent = item => reader = item.Kind == EventKind.StreamOpened ? item.Stream : reader;
        pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle handle);
        pair.Settle();
        handle.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out StreamHandle sender);
        byte[] message = new byte[sender.MessageLengthMax];
        new SeededRandom(7).Fill(message);
        Assert.That(sender.Send(message).Status, Is.EqualTo(CallStatus.Ok));
        if (isFirstLost)
        {
            pair.Drain();
            pair.Drop();
        }

        Assert.That(Receive(pair, () => reader, message.Length), Is.EqualTo(message));
    }

    // Each packet carries four pieces at most: the message has far more runs than it may have behind gaps.
    [Test]
    public void Message_OfManyShortPieces_Arrives([Values(1, 20, 60, 200, 256, 257, 400, 511, 512)] int piece, [Values] bool usesPrediction, [Values] bool isFirstLost)
    {
        const int Pieces = 800;
        ReferencePair pair = Connect(usesPrediction, out StreamHandle sender, out Func<StreamHandle> reader);
        byte[] message = Lease(pair, sender, [.. Enumerable.Repeat(piece, Pieces)], out PayloadSlice[] slices);
        int free = pair.Server.Endpoint.State.Frames.Arena.FreeCount;
        Assert.That(sender.SendZeroCopy(slices).Status, Is.EqualTo(CallStatus.Ok));
        if (isFirstLost)
        {
            pair.Drain();
            pair.Drop();
        }

        int chunks = 0;
        Assert.That(Receive(pair, reader, message.Length, () => chunks = Math.Max(chunks, pair.Server.Endpoint.State.Store.Chunks.Count)), Is.EqualTo(message));
        pair.Settle();

        // A short run for each 512 bytes and 64 beside them, longer ones, and frames of 2048 bytes for the others; the last packet's are not counted any more.
        int runs = 64 + (message.Length / 512) + (piece < 512 ? 0 : message.Length / 512) + (message.Length / 2048) + Core.Wire.Transmission.SliceCountMax;
        Assert.That(chunks, Is.LessThanOrEqualTo(runs), "Records are bounded by bytes.");

        // The connection keeps the frame that small payloads share.
        Assert.That(pair.Server.Endpoint.State.Frames.Arena.FreeCount, Is.InRange(free - 1, free), "Nothing of it is left.");
    }

    // Beyond the runs that a message may have, long ones are copied as well: by the short way as by the long one.
    [TestCase(20, 300)]
    [TestCase(20, 301)]
    [TestCase(300, 400)]
    [TestCase(400, 401)]
    [TestCase(400, 6)]
    public void Message_CutFinelyAtItsBeginning_IsKeptAlikeByBothWays(int piece, int count)
    {
        int room = ConnectionConfig.FrameLengthMin - Core.Wire.LinkHeader.Size - Core.Wire.MessageHead.ReliableSize;
        int[] pieces = [.. Enumerable.Repeat(piece, count), .. Enumerable.Repeat(room, 50), 10];
        (int Chunks, int Frames, int OfPeer, int Runs) Keep(bool usesPrediction)
        {
            ReferencePair pair = Connect(usesPrediction, out StreamHandle sender, out Func<StreamHandle> reader);
            sender.Send([1]);
            Receive(pair, reader, 1);
            byte[] message = Lease(pair, sender, pieces, out PayloadSlice[] slices);
            Assert.That(sender.SendZeroCopy(slices).Status, Is.EqualTo(CallStatus.Ok));
            EndpointState state = pair.Server.Endpoint.State;
            (int, int, int, int) kept = default;
            Assert.That(Receive(pair, reader, message.Length, () => kept = (state.Store.Chunks.Count, state.Frames.HeldBy(0), HeldOfPeer(state), Counted(state))), Is.EqualTo(message));
            return kept;
        }

        Assert.That(Keep(usesPrediction: true), Is.EqualTo(Keep(usesPrediction: false)));
    }

    // A byte of the one, a byte of the other: none lies behind the one before in the frame that they share.
    [Test]
    public void TinyFragmentsInOrder_OfTwoMessagesInTurn_ShareRecords()
    {
        Pair pair = OverANetwork(out StreamHandle client);
        EndpointState state = pair.Server.Endpoint.State;
        const int Bytes = 1000;
        for (uint i = 0; i < 2 * Bytes; i++)
        {
            InjectByte(pair, client, number: i % 2, length: 2 * Bytes, offset: i / 2);
        }

        Assert.That(state.Inbound[state.Streams[state.Connections[0].Streams.Head].Receive.PartialHead].Received, Is.EqualTo(Bytes), "None was refused.");
        Assert.That(state.Store.Chunks.Count, Is.LessThanOrEqualTo(2 * (64 + 4)));
    }

    [Test]
    public void TinyFragmentsInOrder_OfManyMessages_ShareFrames()
    {
        Pair pair = OverANetwork(out StreamHandle client);
        EndpointState state = pair.Server.Endpoint.State;
        int before = state.Frames.Arena.FreeCount;
        const int Messages = 200;
        for (uint packet = 0; packet < 2 * Messages; packet++)
        {
            InjectByte(pair, client, number: packet / 2, length: 10, offset: packet % 2);
        }

        Assert.That(state.Inbound.Count, Is.EqualTo(Messages));
        Assert.That(before - state.Frames.Arena.FreeCount, Is.LessThan(FramesFew));
    }

    private static Pair OverANetwork(out StreamHandle client)
    {
        var pair = new Pair(connection: new ConnectionConfig { MaxMessageLength = 10_000 }, frameCount: 1024);
        pair.Connect();
        (client, _) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        pair.RunFor(Instant.Second);
        return pair;
    }

    private static void InjectByte(Pair pair, StreamHandle stream, ulong number, uint length, uint offset)
    {
        var frame = new DataFrame { Mode = TransportMode.ReliableUnordered, StreamId = stream.Id, Position = number, MessageLength = length, FragmentOffset = offset };
        Forge.Inject(pair, pair.Server, (ref Core.Wire.FrameWriter writer) => frame.TryWrite(ref writer), [1]);
    }

    private static int HeldOfPeer(EndpointState state) => ((PeerRegion)state.Frames.RegionOf(PayloadSlice.FrameOf(1, 0))).HeldCount;

    /// <summary>The runs that were counted of the message that waits to be read.</summary>
    private static int Counted(EndpointState state) =>
        state.Connections[0].Streams.Head is >= 0 and int stream && state.Streams[stream].Receive.MessageHead is >= 0 and int message ? state.Inbound[message].RunCount : 0;

    /// <summary>A stream over shared memory between two endpoints with much of it.</summary>
    private static ReferencePair Connect(bool usesPrediction, out StreamHandle sender, out Func<StreamHandle> reader)
    {
        var connection = new ConnectionConfig { MaxFrameLength = ConnectionConfig.FrameLengthMin, SendBuffer = 1 << 22 };
        EndpointConfig Config(byte node) => ReferencePair.ConfigOf(node, connection) with { MaxConnections = 1 };
        var pair = new ReferencePair(Config(1), Config(2), 2048, 8192);
        StreamHandle opened = default;
        reader = () => opened;
        pair.Client.Endpoint.State.UsesPrediction = usesPrediction;
        pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
        pair.Server.OnEvent = item => opened = item.Kind == EventKind.StreamOpened ? item.Stream : opened;
        pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle handle);
        pair.Settle();
        handle.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out sender);
        return pair;
    }

    /// <summary>A message in pieces of these lengths, each in a frame of its own.</summary>
    private static byte[] Lease(ReferencePair pair, StreamHandle sender, int[] pieces, out PayloadSlice[] slices)
    {
        byte[] message = new byte[pieces.Sum()];
        new SeededRandom(7).Fill(message);
        slices = new PayloadSlice[pieces.Length];
        for (int i = 0, at = 0; i < pieces.Length; at += pieces[i], i++)
        {
            Assert.That(sender.TryLease(out PayloadSlice lease), Is.EqualTo(CallStatus.Ok));
            slices[i] = lease.WithLength(pieces[i]);
            message.AsSpan(at, pieces[i]).CopyTo(pair.Client.Endpoint.Bytes(slices[i]));
        }

        return message;
    }

    /// <summary>Lets the pair go on until a message can be read, three seconds at most.</summary>
    private static byte[] Receive(ReferencePair pair, Func<StreamHandle> reader, int length, Action? beforeEach = null)
    {
        byte[] destination = new byte[length];
        ReceiveResult result = default;
        for (int i = 0; i < 3000 && result.Bytes == 0; i++)
        {
            pair.Settle();
            pair.Advance(Instant.Millisecond);
            pair.Settle();
            beforeEach?.Invoke();
            result = reader().Receive(destination);
        }

        Assert.That((result.Status, result.Bytes), Is.EqualTo((CallStatus.Ok, length)));
        return destination;
    }
}
