using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// Whether bytes of Reliable-Ordered share a packet with an acknowledgement: not where a run that fills a packet of its own would be cut for it, because it and all
/// behind it would then lie across the ends of two frames in every packet.
/// </summary>
[TestFixture]
public sealed class RunCutTests
{
    private const int FrameSize = 1216;
    private const int RunSize = 1200;
    private static readonly int s_headSize = LinkHeader.Size + OrderedHead.Size;

    private ReferencePair _pair = null!;
    private StreamHandle _client;
    private StreamHandle _server;

    [SetUp]
    public void Connect()
    {
        var config = new ConnectionConfig { MaxFrameLength = RunSize + s_headSize };
        _pair = new ReferencePair(ReferencePair.ConfigOf(1, config), ReferencePair.ConfigOf(2, config), FrameSize, 256);
        _pair.Server.OnEvent = item => _server = item.Kind == EventKind.StreamOpened ? item.Stream : _server;
        _pair.Client.Endpoint.Connect(_pair.Server.Endpoint.Node, _pair.Now, out ConnectionHandle connection);
        _pair.Settle();
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _client);
        for (int i = 0; i < 4; i++)
        {
            // Until the opening is acknowledged, and nothing is owed.
            _client.Send(new byte[RunSize]);
            _pair.Settle();
            _pair.Advance(30 * Instant.Millisecond);
            _pair.Settle();
        }
    }

    [Test]
    public void Send_RunsThatFillPackets_LeaveTheAcknowledgementAlone()
    {
        OweAcknowledgement();
        for (int i = 0; i < 3; i++)
        {
            _client.Send(new byte[RunSize]);
        }

        _pair.Drain();
        Assert.That(_pair.SlicesInTransit, Is.EqualTo(new int[][] { [], [RunSize], [RunSize], [RunSize] }));
    }

    [Test]
    public void Send_RunThatFitsBeside_TravelsWithTheAcknowledgement()
    {
        OweAcknowledgement();
        _client.Send(new byte[RunSize / 2]);
        _pair.Drain();
        Assert.That(_pair.SlicesInTransit, Is.EqualTo(new int[][] { [RunSize / 2] }));
    }

    [Test]
    public void Send_RunThatIsCutAnyway_FillsThePacketOfTheAcknowledgement()
    {
        OweAcknowledgement();

        // Longer than a packet: where it is cut is all the same.
        _client.Send(new byte[FrameSize]);
        _pair.Drain();
        int[][] packets = [.. _pair.SlicesInTransit];
        Assert.That(packets, Has.Length.EqualTo(2));
        Assert.That(packets[0], Has.Length.EqualTo(1));
        Assert.That(packets[0][0] + packets[1][0], Is.EqualTo(FrameSize));
    }

    private void OweAcknowledgement()
    {
        _server.Send(new byte[300]);
        _pair.Drain();
        _pair.DeliverAll();
    }
}
