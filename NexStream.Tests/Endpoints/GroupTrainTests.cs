using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// Groups that get repairs hold memory, and give it back in the middle of a train: who waits for memory is told then, as where packets are taken in one by one.
/// </summary>
[TestFixture]
public sealed class GroupTrainTests
{
    private const int FrameSize = 1216;
    private const int Size = 1200;
    private const int Chunks = 16;

    /// <summary>A send wants one of them to spare: a quarter is for what arrives.</summary>
    private const int ChunksTooFew = Chunks / 4;

    [Test]
    public void Train_WithAMessageThatEndsTheOldestGroup_WakesWhoWaitsForChunks([Values] bool usesPrediction)
    {
        // A group of two and its repair, again and again; four groups are kept.
        var world = new World(usesPrediction, new ConnectionConfig { MaxFrameLength = Size + 116 }, groupSize: 2, ratio: 0.5);
        world.Send(9);
        world.Deliver(world.Pair.InTransit - 1);
        world.StarveServer();

        // The repair that was left is the first of the train.
        world.Send(2);
        world.Deliver(2);
        world.AssertWoken(usesPrediction ? 1u : 0);
    }

    [Test]
    public void Train_WithAMessageThatIsTooMuchForItsGroup_WakesWhoWaitsForChunks([Values] bool usesPrediction)
    {
        // Of a share of twenty frames groups may keep what arrives up to the tenth; three were sent before.
        var world = new World(usesPrediction, new ConnectionConfig { MaxFrameLength = Size + 116, ArenaShare256 = 10 }, groupSize: 20, ratio: 0.1);
        world.Send(5);
        world.Deliver(5);
        world.StarveServer();
        world.Send(2);
        world.Deliver(2);
        world.AssertWoken(usesPrediction ? 1u : 0);
    }

    /// <summary>A client that sends messages of Probabilistic, a server that does not read them, and has a stream of its own.</summary>
    private sealed class World
    {
        private const int FrameCount = 512;

        private readonly StreamHandle _sending;
        private readonly StreamHandle _waiting;
        private bool _isWritable;
        private ulong _inTrains;

        public World(bool usesPrediction, ConnectionConfig server, int groupSize, double ratio)
        {
            var client = new ConnectionConfig { MaxFrameLength = server.MaxFrameLength };
            Pair = new ReferencePair(Config(1, client), Config(2, server) with { MaxChunks = Chunks }, FrameSize, FrameCount);
            Pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
            ConnectionHandle accepted = default;
            Pair.Server.OnEvent = item =>
            {
                accepted = item.Kind == EventKind.ConnectionAccepted ? item.Connection : accepted;
                _isWritable |= item.Kind == EventKind.StreamWritable;
            };
            Pair.Client.Endpoint.Connect(Pair.Server.Endpoint.Node, Pair.Now, out ConnectionHandle connection);
            Pair.Settle();
            connection.OpenStream(new StreamConfig(TransportMode.Probabilistic, Delivery: new ProbabilisticConfig(1, Thinning: false, FecRatio: ratio, GroupSize: groupSize)), out _sending);
            accepted.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _waiting);
            for (int i = 0; i < 3; i++)
            {
                // Until the opening is acknowledged.
                _sending.Send(new byte[Size]);
                Pair.Settle();
            }
        }

        public ReferencePair Pair { get; }

        /// <summary>The client sends so many messages, and their groups' repairs.</summary>
        public void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.That(_sending.Send(new byte[Size]).Status, Is.EqualTo(CallStatus.Ok));
            }

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

        /// <summary>Of the server's chunks so many are left that a send finds none, and one asks.</summary>
        public void StarveServer()
        {
            EndpointState state = Pair.Server.Endpoint.State;
            Assert.That(state.Store.Chunks.FreeCount, Is.GreaterThanOrEqualTo(ChunksTooFew));
            while (state.Store.Chunks.FreeCount > ChunksTooFew)
            {
                state.Store.Chunks.TryAllocate(out _);
            }

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

        private static EndpointConfig Config(byte node, ConnectionConfig connection)
        {
            byte[] key = new byte[EndpointConfig.KeySize];
            Array.Fill(key, node);
            return new EndpointConfig
            {
                Node = new NodeId(0, node),
                Key = key,
                Connection = connection,
                MaxConnections = 1,
                Congestion = Core.Congestion.CongestionControllers.None,
            };
        }
    }
}
