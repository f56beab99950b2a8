using System.Buffers.Binary;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// Groups that get repairs hold memory, and give it back in the middle of a train: who waits for memory is told then, as where packets are taken in one by one.
/// What violates the protocol in a train, and what does not fit on the way out, is found as it is one by one.
/// </summary>
[TestFixture]
public sealed class GroupTrainTests
{
    private const int FrameSize = 1216;
    private const int Size = 1200;
    private const int Chunks = 16;

    /// <summary>A send wants one of them to spare: a quarter is for what arrives.</summary>
    private const int ChunksTooFew = Chunks / 4;

    /// <summary>A message fits a packet beside every header that can stand in front of it.</summary>
    private static readonly ConnectionConfig s_plain = new() { MaxFrameLength = Size + 116 };

    [Test]
    public void Train_WithAMessageThatEndsTheOldestGroup_WakesWhoWaitsForChunks([Values] bool usesPrediction)
    {
        // Three groups of three without their repairs, and the repair alone of a fourth: the message that begins a fifth is one group too many.
        var world = new World(usesPrediction, s_plain, groupSize: 3, ratio: 1.0 / 3);
        world.Send(13);
        world.Pair.Rearrange(0, 1, 2, 4, 5, 6, 8, 9, 10, 15, 16);
        world.Deliver(9);
        world.StarveServer();
        world.Deliver(2);
        world.AssertWoken(usesPrediction ? 1u : 0);
    }

    [Test]
    public void Train_WithARepairOfAGroupThatIsComplete_WakesWhoWaitsForChunks([Values] bool usesPrediction)
    {
        // A group, and two repairs: the first of another group, which finds no chunk, the second of this one.
        var world = new World(usesPrediction, s_plain, groupSize: 3, ratio: 1.0 / 3);
        world.Send(7);
        world.Pair.Rearrange(0, 1, 2, 7, 3);
        world.Deliver(3);
        world.StarveServer();
        world.Deliver(2);
        world.AssertWoken(usesPrediction ? 1u : 0);
    }

    [Test]
    public void Train_WithAMessageThatIsTooMuchForItsGroup_WakesWhoWaitsForChunks([Values] bool usesPrediction)
    {
        // Of a share of twenty frames groups may keep what arrives up to the tenth; three were sent before.
        var world = new World(usesPrediction, s_plain with { ArenaShare256 = 10 }, groupSize: 20, ratio: 0.1);
        world.Send(5);
        world.Deliver(5);
        world.StarveServer();
        world.Send(2);
        world.Deliver(2);
        world.AssertWoken(usesPrediction ? 1u : 0);
    }

    // The repair comes first, and the first message never: the last brings it back, and it is given out before that. With too few chunks it is not.
    [Test]
    public void Train_WithAMessageThatBringsAnotherBack_GivesOutBoth([Range(1, 12)] int chunksLeft)
    {
        byte[] predicted = ReadBehindRepair(usesPrediction: true, chunksLeft, out ulong inTrains);
        Assert.That(predicted, Is.EqualTo(ReadBehindRepair(usesPrediction: false, chunksLeft, out _)));
        Assert.That(predicted, Is.EqualTo(chunksLeft switch { 1 => [], < 5 => [4, 5], _ => new byte[] { 4, 3, 5 } }));
        Assert.That(inTrains, Is.EqualTo(chunksLeft > 1 ? 1 : 0), "The last goes the short way, behind the one before.");
    }

    // With the repair the first two bring back the third, which then comes as well: right behind them, in their run.
    [Test]
    public void Train_WithAMessageThatWasBroughtBack_GivesItOutOnce([Values] bool usesPrediction)
    {
        var world = new World(usesPrediction, s_plain, groupSize: 3, ratio: 1.0 / 3);
        world.ReadAll();
        world.Send(3);
        world.Pair.Rearrange(3, 0, 1, 2);
        world.Pair.DeliverAll();
        Assert.That(world.ReadAll(), Is.EqualTo(new byte[] { 3, 5, 4 }));
        world.AuditServer();
    }

    // No group is so long, or a group would begin before the first number; the packet is the first of its stream's run, or one that goes on with it.
    [TestCase(1, 100UL, RepairFrame.GroupSizeMax)]
    [TestCase(2, 100UL, RepairFrame.GroupSizeMax)]
    [TestCase(1, 0UL, RepairFrame.GroupSizeMax - 1)]
    [TestCase(2, 0UL, RepairFrame.GroupSizeMax - 1)]
    public void Train_WithAMessageInAPlaceThatThereIsNot_IsAViolation(int packet, ulong first, int place) => Both(usesPrediction =>
    {
        var world = new World(usesPrediction, s_plain with { FirstSequence = first }, groupSize: 20, ratio: 0.1);
        world.Send(4);
        world.Pair.Overwrite(packet, MessageHead.SizeOf(MessageForm.Probabilistic), (byte)place);
        return world.ReasonOfEnd();
    }, ReasonCode.FrameEncodingError);

    [Test]
    public void Train_WithARepairOfAnotherGroupSize_IsAViolation() => Both(usesPrediction =>
    {
        var world = new World(usesPrediction, s_plain, groupSize: 3, ratio: 2.0 / 3);
        world.Send(3);

        // One message, so that one repair is kept; the other says that the group is larger.
        world.Pair.Rearrange(1, 3, 4);
        world.Pair.Overwrite(2, PacketHeader.Size + RawFrame.HeaderSize + 12, 4);
        return world.ReasonOfEnd();
    }, ReasonCode.MessageViolation);

    [Test]
    public void Train_WithARepairForAStreamOfAnotherMode_IsAViolation() => Both(usesPrediction =>
    {
        var world = new World(usesPrediction, s_plain, groupSize: 3, ratio: 2.0 / 3);
        world.Send(3);
        byte[] id = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(id, world.OtherStream);
        world.Pair.Overwrite(3, PacketHeader.Size + RawFrame.HeaderSize, id);
        return world.ReasonOfEnd();
    }, ReasonCode.StreamStateViolation);

    // A message that was taken for longer frames must leave room for the head of its group's repairs.
    [TestCase(true, 0, 2)]
    [TestCase(false, 0, 2)]
    [TestCase(true, 1, 0)]
    [TestCase(false, 1, 0)]
    public void Transmit_OfMessagesTakenForLongerFrames_LeavesRoomForTheirRepairs(bool usesPrediction, int excess, int sent)
    {
        var world = new World(usesPrediction, s_plain, groupSize: 1, ratio: 1);
        world.NarrowPath(ConnectionConfig.FrameLengthMin - LinkHeader.Size - RepairFrame.HeadSize + excess);
        Assert.That(world.Pair.InTransit, Is.EqualTo(sent));
    }

    private static void Both(Func<bool, ReasonCode> run, ReasonCode reason) => Assert.That((run(true), run(false)), Is.EqualTo((reason, reason)));

    private static byte[] ReadBehindRepair(bool usesPrediction, int chunksLeft, out ulong inTrains)
    {
        var world = new World(usesPrediction, s_plain, groupSize: 3, ratio: 1.0 / 3);
        world.ReadAll();
        world.LeaveChunks(chunksLeft);
        world.Send(3);
        world.Pair.Rearrange(3, 1, 2);
        ulong before = world.Pair.Server.Endpoint.State.ReceivedInTrains;
        world.Pair.DeliverAll();
        inTrains = world.Pair.Server.Endpoint.State.ReceivedInTrains - before;
        byte[] read = world.ReadAll();
        world.AuditServer();
        return read;
    }

    /// <summary>A client that sends messages of Probabilistic, a server that does not read them, and has a stream of its own.</summary>
    private sealed class World
    {
        private const int FrameCount = 512;

        private readonly StreamHandle _sending;
        private readonly StreamHandle _waiting;
        private readonly ConnectionHandle _connection;
        private readonly List<int> _taken = [];
        private StreamHandle _reading;
        private byte _sent;
        private ReasonCode _reason;
        private bool _isWritable;
        private ulong _inTrains;

        public World(bool usesPrediction, ConnectionConfig server, int groupSize, double ratio)
        {
            var client = new ConnectionConfig { MaxFrameLength = server.MaxFrameLength, FirstSequence = server.FirstSequence };
            Pair = new ReferencePair(ReferencePair.ConfigOf(1, client), ReferencePair.ConfigOf(2, server) with { MaxConnections = 1, MaxChunks = Chunks }, FrameSize, FrameCount);
            Pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
            Pair.Client.Endpoint.State.UsesPrediction = usesPrediction;
            ConnectionHandle accepted = default;
            Pair.Server.OnEvent = item =>
            {
                accepted = item.Kind == EventKind.ConnectionAccepted ? item.Connection : accepted;
                _reading = item.Kind == EventKind.StreamOpened ? item.Stream : _reading;
                _reason = item.Kind == EventKind.ConnectionClosed ? item.Reason : _reason;
                _isWritable |= item.Kind == EventKind.StreamWritable;
            };
            Pair.Client.Endpoint.Connect(Pair.Server.Endpoint.Node, Pair.Now, out _connection);
            Pair.Settle();
            _connection.OpenStream(new StreamConfig(TransportMode.Probabilistic, Delivery: new ProbabilisticConfig(1, Thinning: false, FecRatio: ratio, GroupSize: groupSize)), out _sending);
            accepted.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _waiting);
            for (int i = 0; i < 3; i++)
            {
                // Until the opening is acknowledged.
                Send(1);
                Pair.Settle();
            }
        }

        public ReferencePair Pair { get; }

        /// <summary>The client sends so many messages, each of one byte again and again, and their groups' repairs.</summary>
        public void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                byte[] message = new byte[Size];
                Array.Fill(message, _sent++);
                Assert.That(_sending.Send(message).Status, Is.EqualTo(CallStatus.Ok));
            }

            Pair.Drain();
        }

        /// <summary>The client has taken a message when its path turns out to carry the shortest frames only, and longer ones are tried again.</summary>
        public void NarrowPath(int length)
        {
            Assert.That(_sending.Send(new byte[length]).Status, Is.EqualTo(CallStatus.Ok));
            Core.State.Path path = Pair.Client.Endpoint.State.Connections[_connection.Index].Path;
            Assert.That(path.Mtu.OnProbeTimeout(int.MaxValue, int.MaxValue, Pair.Now), Is.True);
            path.Mtu.OnProbeSent();
            path.AdoptFrameLength();
            Pair.Drain();
        }

        /// <summary>So many packets arrive at one instant.</summary>
        public void Deliver(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Pair.Deliver();
            }
        }

        /// <summary>The server's own stream.</summary>
        public uint OtherStream => _waiting.Id;

        /// <summary>All arrives at one instant. Returns why the server closed the connection, if it did.</summary>
        public ReasonCode ReasonOfEnd()
        {
            Pair.DeliverAll();
            Pair.Drain();
            return _reason;
        }

        /// <summary>The server reads what there is. Returns a byte of each message.</summary>
        public byte[] ReadAll()
        {
            var read = new List<byte>();
            byte[] message = new byte[Size];
            while (_reading.Receive(message).Status == CallStatus.Ok)
            {
                Assert.That(message, Is.All.EqualTo(message[0]));
                read.Add(message[0]);
            }

            return [.. read];
        }

        /// <summary>Somebody else has all but so many of the server's chunks.</summary>
        public void LeaveChunks(int count)
        {
            Slab<Chunk> chunks = Pair.Server.Endpoint.State.Store.Chunks;
            Assert.That(chunks.FreeCount, Is.GreaterThanOrEqualTo(count));
            while (chunks.FreeCount > count)
            {
                chunks.TryAllocate(out int chunk);
                _taken.Add(chunk);
            }
        }

        /// <summary>They go back, and all that the server holds agrees.</summary>
        public void AuditServer()
        {
            _taken.ForEach(Pair.Server.Endpoint.State.Store.Chunks.Free);
            Pair.Audit(Pair.Server);
        }

        /// <summary>Of the server's chunks so many are left that a send finds none, and one asks.</summary>
        public void StarveServer()
        {
            EndpointState state = Pair.Server.Endpoint.State;
            LeaveChunks(ChunksTooFew);
            Assert.That(_waiting.Send(new byte[Size]).Status, Is.EqualTo(CallStatus.WouldBlock));
            while (Pair.Server.Endpoint.TryGetEvent(out _))
            {
                // What came so far.
            }

            _inTrains = state.ReceivedInTrains;
        }

        /// <summary>There is memory, and an event that says so, before anything else happens; the last packets of so many were a train.</summary>
        public void AssertWoken(uint inTrains)
        {
            while (Pair.Server.Endpoint.TryGetEvent(out EndpointEvent item))
            {
                Pair.Server.OnEvent!(item);
            }

            EndpointState state = Pair.Server.Endpoint.State;
            Assert.That(state.Store.Chunks.FreeCount, Is.GreaterThan(ChunksTooFew), "The group gave its chunks back.");
            Assert.That(_isWritable, Is.True);
            Assert.That(state.ReceivedInTrains - _inTrains, Is.EqualTo(inTrains));
        }
    }
}
