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

    private static EndpointConfig Config(NodeId node) => new() { Node = node, Key = new byte[EndpointConfig.KeySize] };
}
