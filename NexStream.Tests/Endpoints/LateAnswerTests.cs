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

        // The message is lost, and expires; DATA_SKIP arrives, and its acknowledgement is under way for long.
        var late = new List<Pair.Frame>();
        pair.Filter = (side, _) => side != pair.Client;
        stream.Send(new byte[500], new SendOptions(pair.Now + (20 * Instant.Millisecond)));
        pair.RunFor(30 * Instant.Millisecond);
        pair.Filter = (side, frame) =>
        {
            late.AddRange(side == pair.Server ? [frame] : []);
            return side == pair.Client;
        };
        pair.RunUntil(() => late.Count > 0, 10 * Instant.Second);

        // A probe asks for it again, and before that is written the acknowledgement comes.
        Connection connection = Forge.ConnectionOf(pair.Client);
        Instant later = pair.Now + (10 * Instant.Second);
        pair.Client.Endpoint.HandleTimeout(pair.Client.Connection, later);
        Assert.That(connection.Skips.Head, Is.Not.Negative, "The probe did not ask for DATA_SKIP: the test means nothing.");
        foreach (Pair.Frame frame in late)
        {
            pair.Client.Endpoint.Receive(new LinkFrame(frame.Header, frame.Bytes), later);
        }

        Assert.That(connection.Skips.Head, Is.Negative);
        Assert.That(pair.Client.Endpoint.State.Messages.Count, Is.Zero);
        new Core.Audit.EndpointAudit(pair.Client.Endpoint).Check();
    }

    [Test]
    public void Crossing_PeerHadAcceptedBefore_TheConnectionThatCountsIsAlone()
    {
        // The server's CONN_INIT is accepted, the answer is lost; then the client, whose node is higher, asks for a connection of its own.
        var pair = new Pair();
        pair.Filter = (side, _) => side != pair.Client;
        Assert.That(pair.Server.Endpoint.Connect(Pair.ClientNode, pair.Now, out ConnectionHandle asked), Is.EqualTo(CallStatus.Ok));
        pair.RunFor(100 * Instant.Millisecond);
        ulong tag = pair.Server.Endpoint.State.Connections[asked.Index].LocalTag;
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1));
        pair.Filter = null;
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out ConnectionHandle counts), Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => pair.Server.Has(EventKind.ConnectionAccepted), 5 * Instant.Second);
        Assert.That(pair.Server.Endpoint.State.Connections[asked.Index].LocalTag, Is.Not.EqualTo(tag));
        pair.RunFor(10 * Instant.Second);
        Assert.That(asked.IsOpen && counts.IsOpen, Is.True);
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1), "What was made of the first CONN_INIT is gone.");
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

    /// <summary>Found by the swarm (seed 701696): what was missing of a stream that nobody reads counted as read twice.</summary>
    [Test]
    public void Data_OfAStreamWhoseSizeIsKnownAndThatIsThrownAway_CountsOnce()
    {
        var pair = new Pair();
        pair.Connect();
        (_, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);

        // The client would take acknowledgements of what it did not send for a lie.
        pair.Filter = (_, _) => false;
        Forge.Inject(pair, pair.Server, (ref FrameWriter writer) => new StreamCloseFrame { StreamId = server.Id, FinalSize = 3000 }.TryWrite(ref writer));
        server.Close();
        Forge.Inject(
            pair, pair.Server, (ref FrameWriter writer) => new DataFrame { Mode = TransportMode.ReliableOrdered, StreamId = server.Id, Position = 1000 }.TryWrite(ref writer), new byte[100]);
        pair.Server.Connection.Abort(pair.Now);
        new Core.Audit.EndpointAudit(pair.Server.Endpoint).Check();
        Core.State.Connection connection = Forge.ConnectionOf(pair.Server);
        Assert.That(connection.Window.Consumed, Is.EqualTo(connection.Received).And.GreaterThanOrEqualTo(3000));
    }
}
