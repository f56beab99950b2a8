using CsCheck;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>The common packet goes a shorter way (header prediction): it must leave behind exactly what the long way does.</summary>
[TestFixture]
public sealed class PredictionTests
{
    private const int FrameSize = 1200;
    private const int FrameCount = 256;

    /// <summary>Fits a packet beside every head.</summary>
    private const int MessageSize = 1000;
    private const int Streams = 9;
    private const int Steps = 1500;

    /// <summary>Worlds that are compared: fewer where every overflow is checked.</summary>
#if DEBUG
    private const int Worlds = 10;
#else
    private const int Worlds = 60;
#endif

    [Test]
    public void Endpoint_WithAndWithoutPrediction_DoesTheSame()
    {
        ulong inTrains = 0;
        Gen.ULong.Sample(
            seed => inTrains += Compare(seed),
            iter: Worlds,
            threads: 1);
        Assert.That(inTrains, Is.GreaterThan(Worlds * 3), "Packets that arrive together are taken in together.");
    }

    // RO, RU, BE without numbers, and BE with them, PR without repairs: the streams of World.
    [TestCase(0, FrameSize)]
    [TestCase(2, MessageSize)]
    [TestCase(4, MessageSize)]
    [TestCase(5, MessageSize)]
    [TestCase(6, MessageSize)]
    public void Endpoint_TransferWithoutLoss_PredictsNearlyAll(int stream, int size)
    {
        var world = new World(6, usesPrediction: true);
        for (int i = 0; i < 3; i++)
        {
            // Until the streams' opening is acknowledged: what travels with it shortens the first packets.
            world.Pair.Advance(30 * Instant.Millisecond);
            world.Pair.Settle();
        }

        world.Receive(stream, size);
        world.Read.Clear();
        world.Transfer(stream, size, 30 * Instant.Millisecond);
        Assert.That(world.Pair.Client.Endpoint.State.PredictedSent, Is.GreaterThan(1900));
        Assert.That(world.Pair.Server.Endpoint.State.PredictedReceived, Is.GreaterThan(1900));
        Assert.That(world.Pair.Server.Endpoint.State.ReceivedInTrains, Is.GreaterThan(1700), "All but the first of a group.");
        Assert.That(world.Read, Has.Count.EqualTo(World.Transferred * size));
    }

    // Five packets to a message, which lies in frames of the arena that hold one packet's bytes or three's, and whose last packet is not full.
    [TestCase(0UL)]
    [TestCase(28UL)]
    public void Endpoint_TransferOfLongMessages_PredictsNearlyAllFragments(ulong seed)
    {
        const int Size = (5 * FrameSize) - 500;
        var world = new World(seed, usesPrediction: true, frameLength: FrameSize + LinkHeader.Size + MessageHead.ReliableSize);
        for (int i = 0; i < 3; i++)
        {
            world.Pair.Advance(30 * Instant.Millisecond);
            world.Pair.Settle();
        }

        world.Receive(2, Size);
        world.Read.Clear();
        ulong before = world.Pair.Client.Endpoint.State.Connections[0].Path.PacketsSent;
        world.Transfer(2, Size, 30 * Instant.Millisecond, World.Transferred / 5, groupSize: 4);
        ulong sent = world.Pair.Client.Endpoint.State.Connections[0].Path.PacketsSent - before;
        Assert.That(sent, Is.InRange(World.Transferred, World.Transferred * 11 / 10));
        Assert.That(world.Pair.Client.Endpoint.State.PredictedSent, Is.GreaterThan(1900));
        Assert.That(world.Pair.Server.Endpoint.State.PredictedReceived, Is.GreaterThan(1900));
        Assert.That(world.Pair.Server.Endpoint.State.ReceivedInTrains, Is.GreaterThan(1700), "All but the first of a group.");
        Assert.That(world.Read, Has.Count.EqualTo(World.Transferred / 5 * Size));
    }

    // Five messages and two repairs, again and again.
    [Test]
    public void Endpoint_TransferWithRepairs_PredictsNearlyAllOfBoth()
    {
        var world = new World(6, usesPrediction: true);
        world.Transfer(7, MessageSize, 30 * Instant.Millisecond);
        Assert.That(world.Pair.Client.Endpoint.State.PredictedSent, Is.GreaterThan(2600));
        Assert.That(world.Pair.Server.Endpoint.State.PredictedReceived, Is.GreaterThan(2600));
        Assert.That(world.Pair.Server.Endpoint.State.ReceivedInTrains, Is.GreaterThan(2300), "All but the first of a group.");
        Assert.That(world.Read, Has.Count.GreaterThanOrEqualTo(World.Transferred * MessageSize));
    }

    [Test]
    public void Endpoint_BulkTransferOverTwoPaths_PredictsNearlyAll()
    {
        var world = new World(6, usesPrediction: true, paths: 2);
        world.Transfer(0, FrameSize, 5 * Instant.Millisecond);
        Assert.That(world.Pair.Client.Endpoint.State.PredictedSent, Is.GreaterThan(1800));
        Assert.That(world.Pair.Server.Endpoint.State.PredictedReceived, Is.GreaterThan(1800));
    }

    /// <summary>One world twice. Returns how many packets the first took in as trains.</summary>
    private static ulong Compare(ulong seed)
    {
        int paths = 1 + (int)(seed / 7 % 2);
        World predicted = Run(seed, usesPrediction: true, paths);
        World plain = Run(seed, usesPrediction: false, paths);
        Assert.That(predicted.Pair.Log, Is.EqualTo(plain.Pair.Log));
        Assert.That(predicted.Read, Is.EqualTo(plain.Read));
        Assert.That((plain.Pair.Client.Endpoint.State.PredictedSent, plain.Pair.Server.Endpoint.State.PredictedReceived), Is.EqualTo((0UL, 0UL)));
        return predicted.Pair.Server.Endpoint.State.ReceivedInTrains;
    }

    private static World Run(ulong seed, bool usesPrediction, int paths)
    {
        var world = new World(seed, usesPrediction, paths);
        var random = new SeededRandom(seed);
        for (int step = 0; step < Steps; step++)
        {
            world.Step(ref random);
        }

        world.Pair.Audit(world.Pair.Client);
        return world;
    }

    /// <summary>A client that sends on some streams of each kind, a server that reads, and a network that loses and swaps.</summary>
    private sealed class World
    {
        /// <summary>Packets of <see cref="Transfer"/>.</summary>
        public const int Transferred = 2000;

        private const int GroupSize = 20;

        private static readonly StreamConfig[] s_configs =
        [
            new(TransportMode.ReliableOrdered), new(TransportMode.ReliableOrdered), new(TransportMode.ReliableUnordered), new(TransportMode.ReliableUnordered),
            new(TransportMode.BestEffort), new(TransportMode.BestEffort, SequenceNumbers: true),

            // Without repairs; with some after each group; left out now and then, or protected as the losses ask.
            new(TransportMode.Probabilistic), new(TransportMode.Probabilistic, Delivery: new ProbabilisticConfig(1, Thinning: false, FecRatio: 0.4, GroupSize: 5)),
            new(TransportMode.Probabilistic, Delivery: new ProbabilisticConfig(0.97, GroupSize: 8)),
        ];

        private static readonly ICongestionControllerFactory[] s_controllers = [CongestionControllers.Cubic, CongestionControllers.Bbr, CongestionControllers.None];

        private readonly StreamHandle[] _sending = new StreamHandle[Streams];
        private readonly StreamHandle[] _reading = new StreamHandle[Streams];
        private readonly byte[] _data = new byte[8 * FrameSize];
        private readonly byte[] _destination = new byte[1 << 20];
        private readonly ConnectionHandle _connection;

        public World(ulong seed, bool usesPrediction, int paths = 1, int frameLength = 0)
        {
            var random = new SeededRandom(seed);
            random.Fill(_data);

            // Small windows, so that credit, memory and congestion run out now and then.
            var connection = new ConnectionConfig
            {
                MaxFrameLength = frameLength > 0 ? frameLength : FrameSize + (seed % 3 == 0 ? 80 : 40),
                StreamReceiveWindow = 20 * FrameSize,
                ReceiveWindow = 60 * FrameSize,
                StreamMessageWindow = seed / 5 % 3 == 0 ? 8 : 1024,
                SendBuffer = 40 * FrameSize,
                MaxPaths = paths,
            };
            // Frames of the arenas hold one packet's bytes or several's.
            Pair = new ReferencePair(Config(1, connection, seed), Config(2, connection, seed), (int)(1 + (seed / 14 % 4)) * FrameSize, FrameCount);
            Pair.Client.Endpoint.State.UsesPrediction = usesPrediction;
            Pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
            Pair.Server.OnEvent = item =>
            {
                int stream = Array.FindIndex(_sending, sending => sending.Id == item.Stream.Id);
                if (item.Kind == EventKind.StreamOpened && stream >= 0)
                {
                    _reading[stream] = item.Stream;
                }
            };
            Pair.Client.Endpoint.Connect(Pair.Server.Endpoint.Node, Pair.Now, out _connection);
            Pair.Settle();
            if (paths > 1)
            {
                _connection.OpenPath(Pair.Client.Endpoint.Node, Pair.Now, out _);
                Pair.Settle();
                Pair.Settle();
            }

            for (int i = 0; i < Streams; i++)
            {
                Open(i);
            }
        }

        public ReferencePair Pair { get; }

        public List<byte> Read { get; } = [];

        public void Send(int stream, int length, bool report = false) =>
            Pair.Log.Add($"{_sending[stream].Send(_data.AsSpan(0, length), new SendOptions(Report: report)).Bytes}");

        /// <summary>More pieces than a packet has slices, of a few bytes or of a frame.</summary>
        private void SendScattered(int stream, ref SeededRandom random)
        {
            var slices = new List<PayloadSlice>();
            for (int count = (int)(random.Next() % 8); count >= 0 && _sending[stream].TryLease(out PayloadSlice lease) == CallStatus.Ok; count--)
            {
                PayloadSlice slice = random.Chance(0.5) ? lease.WithLength(1 + (int)(random.Next() % 20)) : lease;
                _data.AsSpan(0, slice.Length).CopyTo(Pair.Client.Endpoint.Bytes(slice));
                slices.Add(slice);
            }

            SendLeased(stream, slices.ToArray());
        }

        /// <summary>A message in two pieces, as long as the others.</summary>
        private void SendInTwo(int stream)
        {
            const int Rest = 100;
            if (_sending[stream].TryLease(out PayloadSlice one) != CallStatus.Ok)
            {
                return;
            }

            PayloadSlice[] slices = [one.WithLength(MessageSize - Rest)];
            if (_sending[stream].TryLease(out PayloadSlice two) == CallStatus.Ok)
            {
                slices = [slices[0], two.WithLength(Rest)];
            }

            foreach (PayloadSlice slice in slices)
            {
                _data.AsSpan(0, slice.Length).CopyTo(Pair.Client.Endpoint.Bytes(slice));
            }

            SendLeased(stream, slices);
        }

        private void SendLeased(int stream, PayloadSlice[] slices)
        {
            SendResult result = _sending[stream].SendZeroCopy(slices);
            Pair.Log.Add($"{slices.Length} {result}");
            if (result.Status != CallStatus.Ok)
            {
                Pair.Client.Endpoint.Return(slices);
            }
        }

        public void Receive(int stream, int length)
        {
            while (_reading[stream].Receive(_destination.AsSpan(0, length)) is { Status: CallStatus.Ok } result)
            {
                Read.AddRange(_destination.AsSpan(0, result.Bytes));
            }
        }

        /// <summary>Sends packets, or messages, in groups on one stream, and reads them, with a pause behind each group.</summary>
        public void Transfer(int stream, int size, long pauseNs, int count = Transferred, int groupSize = GroupSize)
        {
            for (int sent = 0; sent < count; sent += groupSize)
            {
                for (int i = 0; i < groupSize; i++)
                {
                    Send(stream, size);
                }

                Pair.Drain();
                Pair.DeliverAll();
                Pair.Settle();
                Receive(stream, _destination.Length);
                Pair.Advance(pauseNs);
                Pair.Settle();
            }

            // What of the last group waited for the window that reading it opened.
            Receive(stream, _destination.Length);
        }

        public void Step(ref SeededRandom random)
        {
            int stream = (int)(random.Next() % Streams);
            switch (random.Next() % 16)
            {
                case < 5:
                    for (int count = (int)(random.Next() % 12); count >= 0; count--)
                    {
                        int length = random.Chance(0.7) ? MessageSize : 1 + (int)(random.Next() % (ulong)_data.Length);
                        bool isOrdered = s_configs[stream].Mode == TransportMode.ReliableOrdered;
                        if (isOrdered && random.Chance(0.2))
                        {
                            SendScattered(stream, ref random);
                            continue;
                        }

                        if (!isOrdered && random.Chance(0.15))
                        {
                            SendInTwo(stream);
                            continue;
                        }

                        Send(stream, isOrdered && length == MessageSize ? FrameSize : length, report: !isOrdered && random.Chance(0.05));
                    }

                    break;
                case < 8:
                    Receive(stream, random.Chance(0.5) ? 1 + (int)(random.Next() % 3000) : _destination.Length);
                    break;
                case 8:
                    _reading[stream].Send(_data.AsSpan(0, 700));
                    break;
                case 9 when random.Chance(0.1):
                    _sending[stream].Close();
                    Open(stream);
                    break;
                case 10 when random.Chance(0.1):
                    _reading[stream].Reset(Core.Primitives.ReasonCode.Aborted);
                    break;
                case 11:
                    Pair.Advance((long)(random.Next() % (30 * Instant.Millisecond)));
                    break;
                default:
                    Move(ref random);
                    break;
            }

            Pair.Advance((long)(random.Next() % (200 * Instant.Microsecond)));
            Pair.Drain();
        }

        private static EndpointConfig Config(byte node, ConnectionConfig connection, ulong seed) => ReferencePair.ConfigOf(node, connection) with
        {
            MaxConnections = 2,

            // In a third of the worlds there are so few that groups and gaps want more.
            MaxChunks = seed / 56 % 3 == 0 ? 64 : 1 << 12,
            Congestion = s_controllers[(int)(seed / 3 % 3)],
        };

        private void Open(int stream)
        {
            _connection.OpenStream(s_configs[stream], out _sending[stream]);
            _sending[stream].Send(_data.AsSpan(0, 10));
            Pair.Drain();
        }

        private void Move(ref SeededRandom random)
        {
            for (int count = (int)(random.Next() % 24); count >= 0 && Pair.InTransit > 0; count--)
            {
                int at = random.Chance(0.97) ? 0 : (int)(random.Next() % (ulong)Pair.InTransit);
                if (random.Chance(0.02))
                {
                    Pair.Drop(at);
                }
                else
                {
                    Pair.Deliver(at);
                    if (random.Chance(0.3))
                    {
                        // What stays together arrives at one instant, as a train.
                        Pair.Advance(1000);
                        Pair.Drain();
                    }
                }
            }
        }
    }
}
