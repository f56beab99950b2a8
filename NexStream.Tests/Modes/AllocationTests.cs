using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

[TestFixture]
public sealed class AllocationTests
{
    private const int WarmUpFrames = 200_000;
    private const int MeasuredFrames = 1_000_000;

    [TestCase(1, null)]
    [TestCase(2, "lowest_rtt")]
    [TestCase(3, "redundant")]
    [Category("Slow")]
    public void AllModes_AMillionPacketsWithLossAndChurn_AllocateNothing(int paths, string? scheduler)
    {
        var network = new SteadyNetwork(
            Config(SteadyNetwork.ClientNode, 1, paths, scheduler), Config(SteadyNetwork.ServerNode, 2, paths, scheduler), seed: 3, loss: 0.01, 5 * Instant.Millisecond);
        var application = new ChurnApplication(network, connections: 3, seed: 4, network.Endpoints[0].Config.Connection);
        Action<int, EndpointEvent> act = network.OnEvent!;
        long ready = 0;
        network.OnEvent = (side, item) =>
        {
            act(side, item);
            ready += item.Kind == EventKind.PathReady ? 1 : 0;
            for (int i = 1; i < paths && side == 0 && item.Kind == EventKind.ConnectionEstablished; i++)
            {
                item.Connection.OpenPath(PathPair.NodeOf(SteadyNetwork.ClientNode, i), network.Now, out _);
            }
        };
        Run(network, application, WarmUpFrames);
        long streams = application.StreamsOpened;
        long connections = application.ConnectionsEnded;

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(network, application, MeasuredFrames);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        TestContext.Out.WriteLine(
            $"{application.StreamsOpened} streams, {application.ConnectionsEnded} connections, {application.MessagesRead} messages, {application.BytesRead} bytes, {network.Now}");
        Assert.That(allocated, Is.Zero);
        Assert.That(application.StreamsOpened - streams, Is.GreaterThan(1000), "Streams must come and go while it is measured.");
        Assert.That(application.ConnectionsEnded - connections, Is.GreaterThan(20), "Connections must come and go while it is measured.");
        Assert.That(ready, paths == 1 ? Is.Zero : Is.GreaterThan(40 * (paths - 1)), "Paths must come and go too.");
        Assert.That(application.ConnectionsFailed, Is.Zero, "A connection ended with an error.");
    }

    private static void Run(SteadyNetwork network, ChurnApplication application, long frames)
    {
        long end = network.FramesSent + frames;
        bool goesOn = true;
        while (goesOn && network.FramesSent < end)
        {
            application.Step();
            goesOn = network.TryStep();
        }

        if (!goesOn)
        {
            Assert.Fail("Nothing more happens.");
        }
    }

    private static EndpointConfig Config(NodeId node, ulong seed, int paths, string? scheduler)
    {
        byte[] key = new byte[EndpointConfig.KeySize];
        new SeededRandom(seed).Fill(key);
        return new EndpointConfig
        {
            Node = node,
            FurtherNodes = [.. Enumerable.Range(1, paths - 1).Select(i => PathPair.NodeOf(node, i))],
            Key = key,
            MaxConnections = 16,
            MaxStreams = 256,
            MaxMessages = 8192,
            MaxPacketsInFlight = 8192,
            PathSchedulerChoices = [PathSchedulers.Redundant],
            Connection = new ConnectionConfig { MaxPaths = paths, PathScheduler = scheduler },
        };
    }
}
