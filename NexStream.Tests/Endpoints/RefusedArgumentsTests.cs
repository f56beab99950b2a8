using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>What an embedding program may not say: it is told so by name, where it says it.</summary>
[TestFixture]
public sealed class RefusedArgumentsTests
{
    private static readonly NodeId s_node = new(0, 1);

    [Test]
    public void Node_OfZeros_IsRefused()
    {
        EndpointConfig config = Config(default);
        Assert.That(config.Validate, Throws.ArgumentException.With.Message.Contains($"{nameof(EndpointConfig.Node)} has a node of zeros"));
        Assert.That(Config(s_node).Validate, Throws.Nothing);
    }

    [Test]
    public void FurtherNode_OfZeros_IsRefused()
    {
        EndpointConfig config = Config(s_node) with { FurtherNodes = [new NodeId(0, 2), default] };
        Assert.That(config.Validate, Throws.ArgumentException.With.Message.Contains($"{nameof(EndpointConfig.FurtherNodes)} has a node of zeros"));
    }

    [Test]
    public void ChangeNode_ToZeros_IsRefusedAndChangesNothing()
    {
        var pair = new Pair();
        pair.Connect();
        Assert.That(() => pair.Client.Endpoint.ChangeNode(default, pair.Now), Throws.ArgumentException);
        Assert.That(pair.Client.Endpoint.Node, Is.EqualTo(Pair.ClientNode));
    }

    [TestCase(5u, 1, "no region of that number")]
    [TestCase(255u, 0xFF_FFFF, "no region of that number")]
    [TestCase(0u, 64, "the region has 64 frames")]
    [TestCase(0u, 12_345_678, "the region has 64 frames")]
    public void ReleaseFrame_ThatThereIsNot_IsRefused(uint region, int index, string why)
    {
        var endpoint = new Endpoint(Config(s_node), new FrameArena(2048, 64));
        Assert.That(() => endpoint.ReleaseFrame(PayloadSlice.FrameOf((int)region, index)), Throws.ArgumentException.With.Message.Contains(why));
        Assert.That(endpoint.Arena.FreeCount, Is.EqualTo(64));
    }

    [Test]
    public void ReleaseFrame_BehindTheLastOfAPeer_IsRefused()
    {
        var endpoint = new Endpoint(Config(s_node), new FrameArena(2048, 64));
        var region = new PeerRegion(4096, 2048, frameCount: 4, new Nobody());
        endpoint.RegisterRegion(region);
        Assert.That(
            () => endpoint.ReleaseFrame(PayloadSlice.FrameOf(region.Number, 4)), Throws.ArgumentException.With.Message.Contains("the region has 4 frames"));
    }

    [Test]
    public void ReleaseFrame_TooOften_IsRefused()
    {
        var endpoint = new Endpoint(Config(s_node), new FrameArena(2048, 64));
        Assert.That(() => endpoint.ReleaseFrame(63), Throws.InvalidOperationException, "the last frame that there is");
        Assert.That(endpoint.Arena.FreeCount, Is.EqualTo(64));
    }

    /// <summary>Its index may be beyond the connections of this endpoint, or may be of another one here.</summary>
    [TestCase(1)]
    [TestCase(64)]
    public void HandleTimeout_OfAnotherEndpointsConnection_DoesNothing(int connections)
    {
        var other = new Endpoint(Config(new NodeId(0, 2)), new FrameArena(2048, 64));
        other.Connect(s_node, new Instant(1), out ConnectionHandle first);
        other.Connect(s_node, new Instant(1), out ConnectionHandle second);
        var endpoint = new Endpoint(Config(s_node) with { MaxConnections = connections }, new FrameArena(2048, 64));
        endpoint.Connect(new NodeId(0, 3), new Instant(1), out ConnectionHandle own);
        Assert.That(own.Index, Is.EqualTo(first.Index));
        Assert.That(Deadlines(endpoint), Is.EqualTo(1));

        endpoint.HandleTimeout(second, new Instant(Instant.Second));
        endpoint.HandleTimeout(first, new Instant(Instant.Second));
        endpoint.HandleTimeout(default, new Instant(Instant.Second));
        Assert.That(Deadlines(endpoint), Is.Zero, "nothing was looked at");

        endpoint.HandleTimeout(own, new Instant(Instant.Second));
        Assert.That(Deadlines(endpoint), Is.EqualTo(1));
    }

    [Test]
    public void Delivery_OfAnotherModeThanProbabilistic_IsRefused([Values] TransportMode mode)
    {
        var config = new StreamConfig(mode, Delivery: new ProbabilisticConfig(0.5));
        Check(config, mode == TransportMode.Probabilistic, nameof(StreamConfig.Delivery));
    }

    [Test]
    public void SequenceNumbers_OfAnotherModeThanBestEffort_AreRefused([Values] TransportMode mode)
    {
        var config = new StreamConfig(mode, SequenceNumbers: true);
        Check(config, mode == TransportMode.BestEffort, nameof(StreamConfig.SequenceNumbers));
    }

    [Test]
    public void Connect_WithFramesLongerThanThreeOfTheArena_SaysWhyAndHowLongTheyMayBe()
    {
        var pair = new Pair(frameSize: 2048);
        var config = new ConnectionConfig { MaxFrameLength = 9000 };
        Assert.That(
            () => pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out _, config),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("9000; it may be 1200 to 6144, which is 3 frames of the endpoint's arena, of 2048 bytes each"));
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out _, config with { MaxFrameLength = 6144 }), Is.EqualTo(CallStatus.Ok));
    }

    private static void Check(StreamConfig config, bool isTaken, string setting)
    {
        // Before there is a connection, so that what is refused does not depend on one.
        if (isTaken)
        {
            Assert.That(default(ConnectionHandle).OpenStream(config, out _), Is.EqualTo(CallStatus.Closed));
        }
        else
        {
            Assert.That(() => default(ConnectionHandle).OpenStream(config, out _), Throws.ArgumentException.With.Message.Contains($"{setting} is set").And.Message.Contains($"{config.Mode}"));
        }
    }

    private static int Deadlines(Endpoint endpoint)
    {
        int count = 0;
        while (endpoint.TryGetDeadline(out ConnectionDeadline _))
        {
            count++;
        }

        return count;
    }

    private static EndpointConfig Config(NodeId node) => new() { Node = node, Key = new byte[EndpointConfig.KeySize] };

    /// <summary>Takes back nothing.</summary>
    private sealed class Nobody : IFrameReleaser
    {
        public void Release(int index, int holds)
        {
            // Nothing of the region is ever held.
        }
    }
}
