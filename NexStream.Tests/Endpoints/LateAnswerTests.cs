using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>Frames of honest endpoints that come late, twice, or before what they refer to: none of them ends a connection.</summary>
[TestFixture]
public sealed class LateAnswerTests
{
    [Test]
    public void Retry_AfterTheConnectionIsEstablished_IsIgnored()
    {
        var pair = new Pair();
        pair.Connect();
        pair.RunFor(Instant.Second);
        Forge.Inject(pair, pair.Client, (ref FrameWriter writer) => new ConnRetryFrame { Cookie = new byte[24] }.TryWrite(ref writer));
        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Connection.IsOpen, Is.True);
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
    }

    [Test]
    public void Skip_StreamThatThePeerNeverHeardOf_TravelsBehindStreamOpen()
    {
        var pair = new Pair();
        pair.Connect();
        pair.RunFor(Instant.Second);
        pair.Filter = (side, _) => side != pair.Client;
        Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
        stream.Send(new byte[500], new SendOptions(pair.Now + (20 * Instant.Millisecond)));
        pair.RunFor(100 * Instant.Millisecond);
        pair.Filter = null;
        pair.RunUntil(() => pair.Server.Has(EventKind.StreamOpened) || !pair.Server.Connection.IsOpen, 30 * Instant.Second);
        pair.RunFor(5 * Instant.Second);
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
        Assert.That(pair.Client.Connection.IsOpen, Is.True);
        Assert.That(stream.Statistics.SendBuffered, Is.Zero);
    }

    [Test]
    public void Skip_AcknowledgedAfterAProbeAskedForItAgain_LeavesTheListOfSkips()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle stream, _) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        pair.RunFor(Instant.Second);

        // The message leaves and is lost; then nothing comes back, so that DATA_SKIP is asked for by probes; then the acknowledgement of the first one comes.
        pair.Filter = (side, _) => side != pair.Client;
        stream.Send(new byte[500], new SendOptions(pair.Now + (20 * Instant.Millisecond)));
        pair.RunFor(30 * Instant.Millisecond);
        Connection connection = Forge.ConnectionOf(pair.Client);
        pair.Filter = (side, _) => side == pair.Client;
        pair.RunUntil(() => connection.Path.ProbeTimeouts > 1, 10 * Instant.Second);
        pair.Filter = null;
        pair.RunFor(5 * Instant.Second);
        Assert.That(connection.SkipHead, Is.EqualTo(-1));
        Assert.That(pair.Client.Endpoint.State.Messages.Count, Is.Zero);
        new Core.Audit.EndpointAudit(pair.Client.Endpoint).Check();
    }

    [Test]
    public void Crossing_PeerHadAcceptedBefore_TheConnectionThatCountsIsAlone()
    {
        // The client's CONN_INIT is accepted, the answer is lost; then the server, whose node is higher, asks for a connection of its own.
        var pair = new Pair();
        pair.Filter = (side, _) => side != pair.Server;
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle asked), Is.EqualTo(CallStatus.Ok));
        pair.RunFor(100 * Instant.Millisecond);
        ulong tag = pair.Client.Endpoint.State.Connections[asked.Index].LocalTag;
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1));
        pair.Filter = null;
        Assert.That(pair.Server.Endpoint.Connect(Pair.ClientNode, pair.Now, out ConnectionHandle counts), Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionAccepted) || pair.Client.Has(EventKind.ConnectionEstablished), 5 * Instant.Second);
        pair.RunFor(10 * Instant.Second);
        Assert.That(pair.Client.Events.Where(item => item.Kind == EventKind.ConnectionClosed && item.Reason is ReasonCode.ProtocolViolation or ReasonCode.StreamStateViolation), Is.Empty);
        Assert.That(asked.IsOpen && counts.IsOpen, Is.True);
        Assert.That(pair.Client.Endpoint.State.Connections[asked.Index].LocalTag == tag, Is.EqualTo(pair.Client.Has(EventKind.ConnectionEstablished)));
    }

    [Test]
    public void ChangeNode_WhileCallingThePeer_AsksWithAnotherTag()
    {
        var pair = new Pair();
        pair.Filter = (_, _) => false;
        pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle handle);
        pair.Settle();
        Connection connection = pair.Client.Endpoint.State.Connections[handle.Index];
        ulong before = connection.LocalTag;
        pair.Client.Endpoint.ChangeNode(new NodeId(0xC11E, 77), pair.Now);
        Assert.That(connection.LocalTag, Is.Not.EqualTo(before));
        Assert.That(handle.IsAlive, Is.True);
    }
}
