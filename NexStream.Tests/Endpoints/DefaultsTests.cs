using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Endpoints;

/// <summary>What holds where nobody says otherwise, as it is asked for.</summary>
[TestFixture]
public sealed class DefaultsTests
{
    [Test]
    public void Connection_NothingIsSaid_HasWhatIsAskedFor()
    {
        ConnectionConfig config = new();
        Assert.Multiple(() =>
        {
            Assert.That(config.HandshakeTimeout, Is.EqualTo(TimeSpan.FromSeconds(5)), "NS-C-002");
            Assert.That(config.IdleTimeout, Is.EqualTo(TimeSpan.FromSeconds(60)), "NS-C-003");
            Assert.That(config.MaxStreams, Is.EqualTo(1024), "NS-C-005");
            Assert.That(config.MaxAttempts, Is.EqualTo(10), "NS-RO-006");
        });
    }

    [Test]
    public void Endpoint_NothingIsSaid_ControlsCongestionWithCubic()
    {
        EndpointConfig config = new() { Node = default, Key = new byte[EndpointConfig.KeySize] };
        Assert.That(config.Connection.Congestion, Is.Null, "each connection takes the endpoint's");
        Assert.That(config.Congestion.Create(), Is.TypeOf<Cubic>(), "NS-CC-001");
    }

    /// <summary>Found by the fuzzer, in a trace's configuration: how many paths there are was computed before it was asked whether they can be.</summary>
    [TestCase(int.MinValue)]
    [TestCase(0)]
    [TestCase(int.MaxValue)]
    public void Endpoint_PathsOfItsConnectionsCannotBe_SaysSo(int paths)
    {
        EndpointConfig config = new()
        {
            Node = new NodeId(0, 1),
            Key = new byte[EndpointConfig.KeySize],
            MaxConnections = EndpointConfig.ConnectionsMax,
            Connection = new ConnectionConfig { MaxPaths = paths },
        };
        Assert.That(config.Validate, Throws.InstanceOf<ArgumentException>().With.Message.Contains(nameof(ConnectionConfig.MaxPaths)).And.Message.Contains($"{paths}"));
    }

    /// <summary>Found by the fuzzer: no packet number follows the last.</summary>
    [TestCase((1ul << 61) + 1, 0ul)]
    [TestCase(ulong.MaxValue, 0ul)]
    [TestCase(0ul, (1ul << 61) + 1)]
    [TestCase(0ul, ulong.MaxValue)]
    public void Connection_BeginsWhereNumbersEnd_SaysSo(ulong packet, ulong sequence)
    {
        ConnectionConfig config = new() { FirstPacketNumber = packet, FirstSequence = sequence };
        Assert.That(config.Validate, Throws.InstanceOf<ArgumentException>().With.Message.Contains("it may be 0 to"));
    }
}
