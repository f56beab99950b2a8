using System.Buffers.Binary;
using CsCheck;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// Fragments of Reliable-Unordered messages that arrive in a row go the short way (<see cref="Core.Connections.PredictedFragments"/>,
/// <see cref="Core.Connections.ArrivingFragments"/>), which must leave behind exactly what the long way does: also where they run into a limit, are missing, or say
/// what no honest peer would.
/// </summary>
[TestFixture]
public sealed class FragmentTrainTests
{
    /// <summary>The shortest frames, in which no path searches for longer ones.</summary>
    private const int FrameLength = ConnectionConfig.FrameLengthMin;

    /// <summary>Bytes of a message in a full packet.</summary>
    private const int Room = FrameLength - LinkHeader.Size - MessageHead.ReliableSize;

    /// <summary>Where a head has the stream, the last byte of the message's number, and where its length and the fragment's place begin.</summary>
    private const int StreamAt = DataHead.Size - sizeof(uint);
    private const int NumberAt = DataHead.Size + sizeof(ulong) - 1;
    private const int LengthAt = DataHead.Size + sizeof(ulong);
    private const int OffsetAt = LengthAt + sizeof(uint);

    /// <summary>Worlds that are compared: fewer where every overflow is checked.</summary>
#if DEBUG
    private const int Worlds = 60;
#else
    private const int Worlds = 400;
#endif

    [Test]
    public void Fragments_OfAllKinds_ComeToTheSameTheShortWay()
    {
        ulong inTrains = 0;
        int violations = 0;
        int complete = 0;
        Gen.ULong.Sample(
            seed =>
            {
                World predicted = Run(seed, usesPrediction: true);
                World plain = Run(seed, usesPrediction: false);
                Assert.That(predicted.Looks, Is.EqualTo(plain.Looks));
                Assert.That(predicted.Read, Is.EqualTo(plain.Read));
                inTrains += predicted.InTrains;
                violations += predicted.Reason != ReasonCode.None ? 1 : 0;
                complete += predicted.Read.Count > 0 ? 1 : 0;
            },
            iter: Worlds,
            threads: 1);
        Assert.That(inTrains, Is.GreaterThan(Worlds * 2), "Fragments that arrive together are taken in together.");
        Assert.That(violations, Is.InRange(Worlds / 20, Worlds * 19 / 20), "Some worlds end early, and not all.");
        Assert.That(complete, Is.GreaterThan(Worlds / 5), "Messages are read.");
    }

    // Four packets make a message: the third goes on with a run, and the fourth ends the message.
    [TestCase(2)]
    [TestCase(3)]
    public void Fragment_OfALongerMessageThanTheFirstSaid_IsAViolation(int packet) =>
        Both(world => world.Overwrite(packet, LengthAt, 5 * Room), ReasonCode.MessageViolation, read: 0);

    [TestCase(2)]
    [TestCase(3)]
    public void Fragment_BeyondTheEndOfItsMessage_IsAViolation(int packet) =>
        Both(world => world.Overwrite(packet, OffsetAt, (4 * Room) - 1), ReasonCode.MessageViolation, read: 0);

    // The first of another message says that this is shorter than what it brings.
    [Test]
    public void Fragment_LongerThanItsMessage_IsAViolation() => Both(
        world =>
        {
            world.Send(0, 4 * Room);
            world.Pair.Rearrange(0, 1, 2, 3, 4);
            world.Overwrite(4, LengthAt, Room - 1);
        },
        ReasonCode.MessageViolation,
        read: 0);

    [TestCase(2)]
    [TestCase(3)]
    public void Fragment_ThatWasThereAlready_ChangesNothing(int packet) =>
        Both(world => world.Overwrite(packet, OffsetAt, 0), ReasonCode.None, read: 0);

    [TestCase(2)]
    [TestCase(3)]
    public void Fragment_BehindAGap_CompletesNothing(int packet) =>
        Both(world => world.Pair.Drop(packet), ReasonCode.None, read: 0);

    // The ordered stream has as many bytes as there were messages, so that the next message could be its next.
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public void Fragment_ForAStreamOfAnotherMode_IsAViolation(int packet) => Both(
        world =>
        {
            world.Send(0, 4 * Room);
            world.Overwrite(packet, StreamAt, (int)world.OrderedStream);
        },
        ReasonCode.StreamStateViolation,
        read: 0);

    [Test]
    public void Fragment_BehindTheResetOfItsStream_IsNotKept() => Both(
        world =>
        {
            world.Reset();
            world.Pair.Rearrange(4, 0, 1, 2, 3);
        },
        ReasonCode.None,
        read: 0,
        isTrain: false);

    [Test]
    public void Fragment_BehindTheEndOfItsStream_IsAViolation() => Both(world => world.EndReading(), ReasonCode.FinalSizeViolation, read: 0, isTrain: false);

    // A message is complete while the next is there in parts, with a gap: of the next a part comes again, right behind.
    [Test]
    public void Fragment_OfTheNextMessageBehindOneThatIsComplete_StartsNoRunAcrossAGap() => Both(
        world =>
        {
            world.Send(0, 4 * Room);
            world.Send(0, 4 * Room);
            world.Pair.Rearrange(4, 6, 0, 1, 2, 3, 8, 5, 7);
            world.Pair.Overwrite(6, NumberAt, (byte)(world.Pair.HeadsInTransit.ElementAt(6)[NumberAt] - 1));
            world.Overwrite(6, OffsetAt, 2 * Room);
        },
        ReasonCode.None,
        read: 2);

    // Of the next message there is as much as the fragment follows, but it belongs to the one before.
    [Test]
    public void Fragment_ThatFollowsTheBeginningOfAnotherMessage_IsKeptForItsOwn() => Both(
        world =>
        {
            world.Send(0, 4 * Room);
            world.Pair.Rearrange(4, 1, 0, 2, 3, 5, 6, 7);
        },
        ReasonCode.None,
        read: 2);

    // It would hold a frame of the peer's that is many times as long, or a record for few bytes, which is counted.
    [TestCase(100)]
    [TestCase(300)]
    public void Fragment_ThatIsShort_IsNoneOfARun(int length)
    {
        List<string>[] looks = [.. new[] { true, false }.Select(usesPrediction =>
        {
            var world = new World(new SeededRandom(1), usesPrediction, isGenerous: true);
            world.Send(0, 4 * Room);
            world.Pair.Deliver();
            world.Pair.Deliver();
            world.Pair.DeliverAs(0, length);
            world.Look();
            Assert.That(world.Looks[^1], Does.Contain($" {(2 * Room) + length} held, 1 begun, 0 runs, 3 read, 1 counted"));
            return world.Looks;
        })];
        Assert.That(looks[0], Is.EqualTo(looks[1]));
    }

    // Beyond the runs that it may have, what follows is copied.
    [Test]
    public void Fragment_OfAMessageInTooManyRuns_HoldsNoFrameOfThePeers()
    {
        List<string>[] looks = [.. new[] { true, false }.Select(usesPrediction =>
        {
            var world = new World(new SeededRandom(1), usesPrediction, isGenerous: true);
            world.Send(0, 4 * Room);
            world.Pair.Deliver();
            EndpointState state = world.Pair.Server.Endpoint.State;
            state.Inbound[state.Streams[state.Connections[0].Streams.Tail].Receive.PartialHead].RunCount = 1000;
            world.Pair.Deliver();
            world.Look();
            Assert.That(world.Looks[^1], Does.Contain("1 of the peer's").And.Contain($" {2 * Room} held"));
            return world.Looks;
        })];
        Assert.That(looks[0], Is.EqualTo(looks[1]));
    }

    // What is left of a message that is a little longer than a packet takes no frame for itself, however many of them nobody reads.
    [Test]
    public void Fragment_ThatIsShortAndTheLast_SharesAFrameWithOthers([Values] bool usesPrediction)
    {
        const int Messages = 12;
        var world = new World(new SeededRandom(1), usesPrediction, isGenerous: true);
        int before = world.Pair.Server.Endpoint.Arena.FreeCount;
        for (int i = 0; i < Messages; i++)
        {
            world.Send(0, Room + 100);
        }

        world.Pair.DeliverAll();
        world.Look();
        Assert.That(before - world.Pair.Server.Endpoint.Arena.FreeCount, Is.LessThanOrEqualTo(1), "Twelve times a hundred bytes fit one frame.");
        world.Receive(0);
        Assert.That(world.Read, Has.Count.EqualTo(Messages).And.All.EqualTo(world.Sent));
    }

    [Test]
    public void Fragments_InOrder_CompleteTheMessage() => Both(_ => { }, ReasonCode.None, read: 1);

    private static void Both(Action<World> change, ReasonCode reason, int read, bool isTrain = true)
    {
        var looks = new List<List<string>>();
        foreach (bool usesPrediction in new[] { true, false })
        {
            var world = new World(new SeededRandom(1), usesPrediction, isGenerous: true);
            world.Send(0, 4 * Room);
            change(world);
            ulong before = world.Pair.Server.Endpoint.State.ReceivedInTrains;
            world.Pair.DeliverAll();
            world.Look();
            world.Receive(0);
            Assert.That((world.Reason, world.Read.Count), Is.EqualTo((reason, read)));
            Assert.That(world.Read, Is.All.EqualTo(world.Sent));
            Assert.That(world.InTrains - before, usesPrediction && isTrain ? Is.GreaterThan(0UL) : Is.Zero);
            world.Pair.Audit(world.Pair.Server);
            looks.Add(world.Looks);
        }

        Assert.That(looks[0], Is.EqualTo(looks[1]));
    }

    private static World Run(ulong seed, bool usesPrediction)
    {
        var random = new SeededRandom(seed);
        var world = new World(random, usesPrediction, isGenerous: random.Chance(0.3));
        bool isHonest = random.Chance(0.5);
        for (int round = 0; round < 6 && world.Reason == ReasonCode.None; round++)
        {
            for (int count = random.Below(4); count >= 0; count--)
            {
                // Whole packets, or some bytes more or fewer.
                int length = ((1 + random.Below(9)) * Room) + (random.Chance(0.5) ? 0 : random.Below(Room) - (Room / 2));
                world.Send(random.Below(2), length);
            }

            world.End(ref random);
            for (int lies = isHonest ? 0 : random.Below(3); lies > 0; lies--)
            {
                world.Lie(ref random);
            }

            world.Deliver(ref random);
        }

        world.Look();
        world.Receive(0);
        world.Receive(1);
        world.Pair.Audit(world.Pair.Server);
        return world;
    }

    /// <summary>A client that sends long messages on two streams, and a server that has little memory and gives little credit, and now and then reads.</summary>
    private sealed class World
    {
        private const int FrameCount = 512;

        private readonly byte[] _data = new byte[16 * Room];
        private readonly byte[] _destination = new byte[16 * Room];
        private readonly StreamHandle[] _sending = new StreamHandle[2];
        private readonly StreamHandle[] _reading = new StreamHandle[3];

        public World(SeededRandom random, bool usesPrediction, bool isGenerous)
        {
            random.Fill(_data);
            bool Is(double chance, ref SeededRandom of) => of.Chance(chance) && !isGenerous;
            var server = new ConnectionConfig
            {
                MaxFrameLength = FrameLength,
                ReceiveWindow = Is(0.3, ref random) ? 30 * Room : 1 << 20,
                StreamReceiveWindow = 30 * Room,
                StreamMessageWindow = Is(0.3, ref random) ? 4 : 1024,
                MaxMessageLength = Is(0.3, ref random) ? 6 * Room : 1 << 18,
            };
            EndpointConfig receiving = ReferencePair.ConfigOf(2, server) with
            {
                MaxConnections = 1,
                MaxChunks = Is(0.3, ref random) ? 24 : 1 << 12,
                MaxMessages = Is(0.3, ref random) ? 16 : 1 << 12,
            };
            var client = new ConnectionConfig { MaxFrameLength = FrameLength, SendBuffer = 1 << 20 };

            // Frames hold one packet's bytes, or several's, or less.
            int frameSize = isGenerous ? Room * 4 : random.Chance(0.2) ? 1000 : (1 + random.Below(5)) * Room;
            Pair = new ReferencePair(ReferencePair.ConfigOf(1, client), receiving, frameSize, FrameCount, Is(0.3, ref random) ? 32 : FrameCount) { BurstLength = 20 };
            Pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
            Pair.Server.OnEvent = item =>
            {
                if (item.Kind == EventKind.StreamOpened)
                {
                    _reading[item.Stream.Id == OrderedStream ? 2 : item.Stream.Id == _sending[0].Id ? 0 : 1] = item.Stream;
                }

                Reason = item.Kind == EventKind.ConnectionClosed ? item.Reason : Reason;
            };
            Pair.Client.Endpoint.Connect(Pair.Server.Endpoint.Node, Pair.Now, out ConnectionHandle connection);
            Pair.Settle();
            connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out _sending[0]);
            connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out _sending[1]);
            connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle ordered);
            OrderedStream = ordered.Id;
            ordered.Send(new byte[4]);
            for (int i = 0; i < _sending.Length; i++)
            {
                for (int sent = 0; sent < 3; sent++)
                {
                    // Until the opening is acknowledged.
                    _sending[i].Send(new byte[10]);
                    Pair.Settle();
                    Pair.Advance(30 * Instant.Millisecond);
                    Pair.Settle();
                }

                Receive(i);
            }

            Read.Clear();

            // A peer that knows no limit.
            EndpointState state = Pair.Client.Endpoint.State;
            state.Connections[connection.Index].Credit.Limit += 1 << 20;
            state.Connections[connection.Index].PeerMessageLengthMax = 1 << 20;
            state.Streams[_sending[0].Index].Send.Window.Limit += 1 << 10;
            state.Streams[_sending[1].Index].Send.Window.Limit += 1 << 10;
        }

        public ReferencePair Pair { get; }

        public List<byte[]> Read { get; } = [];

        /// <summary>What the server's streams had when somebody looked.</summary>
        public List<string> Looks { get; } = [];

        public ReasonCode Reason { get; private set; }

        /// <summary>A stream of the client's in which there are no messages.</summary>
        public uint OrderedStream { get; }

        /// <summary>The last message that was sent.</summary>
        public byte[] Sent { get; private set; } = [];

        public ulong InTrains => Pair.Server.Endpoint.State.ReceivedInTrains;

        public void Send(int stream, int length)
        {
            Sent = _data[..Math.Min(length, _data.Length)];
            CallStatus status = _sending[stream].Send(Sent).Status;
            Assert.That(status, Is.EqualTo(CallStatus.Ok).Or.EqualTo(CallStatus.Closed));
            Pair.Drain();
        }

        /// <summary>Now and then a stream ends, at one end or the other.</summary>
        public void End(ref SeededRandom random)
        {
            int stream = random.Below(2);
            switch (random.Below(20))
            {
                case 0:
                    _sending[stream].Finish();
                    break;
                case 1:
                    _sending[stream].Reset(ReasonCode.Aborted);
                    break;
                case 2:
                    _reading[stream].Close();
                    break;
                default:
                    return;
            }

            Pair.Drain();
        }

        /// <summary>The client gives the first stream up.</summary>
        public void Reset()
        {
            _sending[0].Reset(ReasonCode.Aborted);
            Pair.Drain();
        }

        /// <summary>The server knows that the first stream ended before what is under way.</summary>
        public void EndReading()
        {
            ref StreamState stream = ref Pair.Server.Endpoint.State.Streams[_reading[0].Index];
            stream.Receive.FinalSize = stream.Receive.Next;
            stream.Set(StreamFlags.FinalSizeKnown);
        }

        /// <summary>A packet says something else of its fragment.</summary>
        public void Lie(ref SeededRandom random)
        {
            byte[][] heads = [.. Pair.HeadsInTransit];
            if (heads.Length == 0)
            {
                return;
            }

            int packet = random.Below(heads.Length);
            if (heads[packet].Length != MessageHead.ReliableSize)
            {
                return;
            }

            int said = BinaryPrimitives.ReadInt32BigEndian(heads[packet].AsSpan(OffsetAt));
            switch (random.Below(5))
            {
                case 4:
                    Overwrite(packet, StreamAt, (int)(random.Chance(0.5) ? OrderedStream : _sending[random.Below(2)].Id));
                    break;
                case 0:
                    Pair.Overwrite(packet, NumberAt, (byte)(heads[packet][NumberAt] + random.Below(3) - 1));
                    break;
                case 1:
                    Overwrite(packet, LengthAt, random.Below(20) * (Room / 2));
                    break;
                case 2:
                    Overwrite(packet, OffsetAt, Math.Max(0, said + ((random.Below(3) - 1) * Room)));
                    break;
                default:
                    Overwrite(packet, OffsetAt, Math.Max(0, said + random.Below(200) - 100));
                    break;
            }
        }

        public void Overwrite(int packet, int at, int value)
        {
            byte[] bytes = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            Pair.Overwrite(packet, at, bytes);
        }

        /// <summary>What is under way arrives, is lost or overtaken; sometimes somebody looks, or reads, in between.</summary>
        public void Deliver(ref SeededRandom random)
        {
            while (Pair.InTransit > 0)
            {
                if (random.Chance(0.02))
                {
                    Pair.Drop(random.Below(Pair.InTransit));
                    continue;
                }

                Pair.Deliver(random.Chance(0.95) ? 0 : random.Below(Pair.InTransit));
                if (random.Chance(0.1))
                {
                    Look();
                }

                if (random.Chance(0.05))
                {
                    Receive(random.Below(2));
                }
            }
        }

        public void Receive(int stream)
        {
            while (_reading[stream].Receive(_destination) is { Status: CallStatus.Ok } result)
            {
                Read.Add(_destination.AsSpan(0, result.Bytes).ToArray());
            }
        }

        public void Look()
        {
            while (Pair.Server.Endpoint.TryGetEvent(out EndpointEvent item))
            {
                Pair.Server.OnEvent!(item);
            }

            EndpointState state = Pair.Server.Endpoint.State;
            Connection connection = state.Connections[0];
            string streams = string.Join("; ", _reading.Take(_sending.Length).Select(reading => DescribeReceiving(state, state.Streams[reading.Index])));
            Looks.Add(
                $"{Reason}: {connection.Received} received, {connection.ReadyBytes} ready, {state.Frames.HeldBy(0)} frames, {state.Store.Chunks.Count} chunks, "
                + $"{state.Inbound.Count} records, {((PeerRegion)state.Frames.RegionOf(PayloadSlice.FrameOf(1, 0))).HeldCount} of the peer's, "
                + $"{connection.Path.PacketsReceived} packets, {connection.Path.Received.Largest}: {streams}");
        }

        private static string DescribeReceiving(EndpointState state, in StreamState stream) =>
            $"{stream.Receive.Next} next, {stream.Receive.Highest} highest, {stream.Receive.FinalSize} at least, {stream.Receive.Buffered} held, "
            + $"{stream.Receive.PendingCount} begun, {stream.Receive.Arrived.Count} runs, {stream.Receive.Window.Consumed} read, "
            + $"{(stream.Receive.PendingCount > 0 ? state.Inbound[stream.Receive.PartialHead].RunCount : 0)} counted";
    }
}
