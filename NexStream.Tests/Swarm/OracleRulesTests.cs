using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Stats;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Hosts;
using NexStream.Swarm.Oracles;
using NexStream.Swarm.Running;
using NexStream.Tests.Support;

namespace NexStream.Tests.Swarm;

/// <summary>The swarm's rules about events, reasons, counters, memory and time: each finds the fault that it is there for, and finds none where there is none.</summary>
[TestFixture]
public sealed class OracleRulesTests
{
    /// <summary>Found by seed 1505571: a caller's tag is the same for the connection of a peer that crashed and for the one of its next life.</summary>
    [Test]
    public void Ledger_OneTagAndTwoOfThePeers_HasABookForEach()
    {
        const uint Stream = 7;
        var ledger = new Ledger();
        SentHalf first = ledger.HalfOf(1, 2, Stream, TransportMode.ReliableUnordered);
        Assert.That(ledger.HalfOf(1, 3, Stream, TransportMode.ReliableOrdered).Mode, Is.EqualTo(TransportMode.ReliableOrdered));
        Assert.That(ledger.HalfOf(2, 1, Stream, TransportMode.ReliableUnordered), Is.Not.SameAs(first), "the other direction is another half");
        Assert.That(ledger.HalfOf(1, 2, Stream, TransportMode.ReliableUnordered), Is.SameAs(first), "both sides find the same");
    }

    [TestCase(new[] { EventKind.ConnectionEstablished }, false)]
    [TestCase(new[] { EventKind.ConnectionEstablished, EventKind.ConnectionEstablished }, true)]
    [TestCase(new[] { EventKind.ConnectionEstablished, EventKind.ConnectionAccepted }, true)]
    [TestCase(new[] { EventKind.ConnectionEstablished, EventKind.ConnectionClosing, EventKind.ConnectionClosed }, false)]
    [TestCase(new[] { EventKind.ConnectionEstablished, EventKind.ConnectionClosing, EventKind.ConnectionClosing }, true)]
    [TestCase(new[] { EventKind.ConnectionClosed, EventKind.ConnectionClosed }, true)]
    [TestCase(new[] { EventKind.ConnectionClosed, EventKind.ConnectionEstablished }, true)]
    [TestCase(new[] { EventKind.ConnectionClosing }, true)]
    [TestCase(new[] { EventKind.ConnectionMoved }, true)]
    [TestCase(new[] { EventKind.ConnectionEstablished, EventKind.ConnectionMoved, EventKind.ConnectionMoved }, false)]
    [TestCase(new[] { EventKind.ConnectionEstablished, EventKind.StreamsAvailable }, true, Description = "Nobody asked for it.")]
    [TestCase(new[] { EventKind.StreamReadable }, true, Description = "That is no event of a connection.")]
    public void Event_OfAConnectionOpenedHere_InAStateWithoutIt_IsFound(EventKind[] kinds, bool isFound)
    {
        ConnectionView connection = View(Calm().HostAt(0), isOpenedHere: true);
        Expect("events are legal", isFound, () => Array.ForEach(kinds, kind => EventRules.OnConnection(connection, Event(kind))));
    }

    [TestCase(new[] { EventKind.ConnectionAccepted, EventKind.ConnectionClosed }, false)]
    [TestCase(new[] { EventKind.ConnectionEstablished }, true)]
    [TestCase(new[] { EventKind.ConnectionClosed }, true, Description = "It was never shown.")]
    public void Event_OfAConnectionThatAPeerOpened_InAStateWithoutIt_IsFound(EventKind[] kinds, bool isFound)
    {
        ConnectionView connection = View(Calm().HostAt(0), isOpenedHere: false);
        Expect("events are legal", isFound, () => Array.ForEach(kinds, kind => EventRules.OnConnection(connection, Event(kind))));
    }

    [TestCase(false, new[] { EventKind.StreamOpened, EventKind.StreamReadable, EventKind.StreamReset, EventKind.StreamClosed }, false)]
    [TestCase(false, new[] { EventKind.StreamOpened, EventKind.StreamOpened }, true)]
    [TestCase(true, new[] { EventKind.StreamOpened }, true)]
    [TestCase(false, new[] { EventKind.StreamReadable }, true, Description = "Before it was shown.")]
    [TestCase(true, new[] { EventKind.StreamWritable }, true, Description = "Nobody waited.")]
    [TestCase(true, new[] { EventKind.StreamReset, EventKind.StreamReset }, true)]
    [TestCase(true, new[] { EventKind.StreamStopped, EventKind.StreamStopped }, true)]
    [TestCase(true, new[] { EventKind.StreamStopped, EventKind.StreamReset }, false)]
    [TestCase(true, new[] { EventKind.StreamClosed, EventKind.StreamReadable }, true)]
    [TestCase(true, new[] { EventKind.MessageAcknowledged }, true, Description = "An ordered stream has no messages.")]
    public void Event_OfAStream_InAStateWithoutIt_IsFound(bool isOpenedHere, EventKind[] kinds, bool isFound)
    {
        var stream = new StreamView(View(Calm().HostAt(0), isOpenedHere: true), default, 1, isOpenedHere, new SentHalf(7, 1, TransportMode.ReliableOrdered));
        Expect("events are legal", isFound, () => Array.ForEach(kinds, kind => EventRules.OnStream(stream, Event(kind))));
    }

    [Test]
    public void Event_OfAStreamWhoseConnectionIsClosed_IsFound()
    {
        ConnectionView connection = View(Calm().HostAt(0), isOpenedHere: true);
        var stream = new StreamView(connection, default, 1, isOpenedHere: true, new SentHalf(7, 1, TransportMode.ReliableOrdered));
        connection.IsClosed = true;
        Expect("events are legal", isFound: true, () => EventRules.OnStream(stream, Event(EventKind.StreamReadable)));
    }

    [TestCase(ReasonCode.ProtocolViolation, true)]
    [TestCase(ReasonCode.FlowControlViolation, true)]
    [TestCase(ReasonCode.AcknowledgementViolation, true)]
    [TestCase(ReasonCode.FrameEncodingError, true)]
    [TestCase(ReasonCode.None, false)]
    [TestCase(ReasonCode.IdleTimeout, false)]
    [TestCase(ReasonCode.ConnectionUnknown, false)]
    public void Reason_ThatHonestEndpointsNeverHave_IsFound(ReasonCode reason, bool isFound)
    {
        World world = Calm();
        ConnectionView connection = View(world.HostAt(0), isOpenedHere: true);
        connection.Reason = reason;
        Expect("honest endpoints keep the rules", isFound, () => ReasonRules.OnClosed(world, connection));
    }

    [Test]
    public void Reason_OfATaintedConnection_IsNotAsked()
    {
        World world = Calm();
        ConnectionView connection = Connected(world);
        connection.Reason = ReasonCode.ProtocolViolation;
        world.Taint(connection.LocalTag);
        Assert.DoesNotThrow(() => ReasonRules.OnClosed(world, connection));
    }

    [Test]
    public void Counter_OfAConnectionThatFell_IsFound([Range(0, 8)] int counter)
    {
        ConnectionView connection = View(Calm().HostAt(0), isOpenedHere: true);
        Assert.DoesNotThrow(() => StatisticsRules.OnConnection(connection));
        var path = new PathStatistics
        {
            PacketsSent = counter == 0 ? 1u : 0,
            PacketsReceived = counter == 1 ? 1u : 0,
            PacketsLost = counter == 2 ? 1u : 0,
            DuplicatesReceived = counter == 3 ? 1u : 0,
            BytesSent = counter == 4 ? 1u : 0,
            ProbeTimeouts = counter == 5 ? 1u : 0,
        };
        connection.Statistics = new ConnectionStatistics
        {
            Path = path,
            Retransmissions = counter == 6 ? 1u : 0,
            DroppedForMemory = counter == 7 ? 1u : 0,
            StreamsOpened = counter == 8 ? 1u : 0,
        };
        Expect("counters only rise", isFound: true, () => StatisticsRules.OnConnection(connection));
    }

    [Test]
    public void Counter_OfAStreamThatFell_IsFound([Range(0, 3)] int counter)
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle handle, _) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        var stream = new StreamView(View(Calm().HostAt(0), isOpenedHere: true), handle, handle.Id, isOpenedHere: true, new SentHalf(7, 1, TransportMode.ReliableUnordered));
        StatisticsRules.OnStream(stream);
        Assert.DoesNotThrow(() => StatisticsRules.OnStream(stream));
        StreamStatistics now = handle.Statistics;
        stream.Statistics = counter switch
        {
            0 => now with { Sent = now.Sent + 1 },
            1 => now with { Received = now.Received + 1 },
            2 => now with { Retransmissions = now.Retransmissions + 1 },
            _ => now with { Expired = now.Expired + 1 },
        };
        Expect("counters only rise", isFound: true, () => StatisticsRules.OnStream(stream));
    }

    [Test]
    public void Deadline_ServedAndDueAgain_IsFound()
    {
        World world = Calm();
        Host host = world.HostAt(0);
        Connection connection = Connected(world).Record;
        Assert.DoesNotThrow(host.Poll);

        // CONN_INIT of a connection that is established already is sent by nobody: it stays due.
        connection.State.TryEstablish();
        connection.NextInitAt = Instant.Zero;
        host.Endpoint.State.MarkDeadline(connection);
        Expect("no deadline in the past twice", isFound: true, host.Poll);
    }

    [Test]
    public void Turns_ManyAtOneInstant_AreFound()
    {
        Host host = Calm().HostAt(0);
        Expect("a host's loop lets time pass", isFound: true, () =>
        {
            for (int turn = 0; turn < 100; turn++)
            {
                host.Poll();
            }
        });
    }

    [Test]
    public void Payload_ChangedWhileALinkHoldsIt_IsFound([Values] bool isChanged)
    {
        Endpoint endpoint = new Pair().Client.Endpoint;
        var holds = new LinkHolds(endpoint);
        Assert.That(endpoint.Arena.TryAllocate(out int index), Is.True);
        var slice = new PayloadSlice(PayloadSlice.FrameOf(0, index), 10, 100);
        holds.Add(slice);
        holds.KeepUntil(5, slice);
        endpoint.Arena.Bytes(index, 109, 1)[0] ^= isChanged ? (byte)1 : (byte)0;
        Expect("payload is immutable", isChanged, () => holds.ReleaseDue(5));
    }

    [Test]
    public void Payload_ChangedWhileAnybodyHoldsIt_IsFound()
    {
        byte[] bytes = [1, 2, 3];
        ulong hash = Pattern.HashOf(bytes);
        Assert.DoesNotThrow(() => ImmutabilityRules.Check(bytes, hash, 0, "a test"));
        bytes[1] ^= 0x40;
        Expect("payload is immutable", isFound: true, () => ImmutabilityRules.Check(bytes, hash, 0, "a test"));
    }

    /// <summary>A record, a frame of the arena, a hold of a link: each alone keeps an endpoint from being empty.</summary>
    [Test]
    public void Leak_OfAnything_IsFoundAtTheEnd([Range(0, 4)] int what)
    {
        Host host = Calm().HostAt(0);
        Assert.DoesNotThrow(host.CheckEmpty);
        EndpointState state = host.Endpoint.State;
        bool isTaken = what switch
        {
            0 => state.Packets.TryAllocate(out _),
            1 => state.Store.Chunks.TryAllocate(out _),
            2 => host.Endpoint.Arena.TryAllocate(out _),
            3 => state.Ranges.TryAllocate(out _),
            _ => Hold(host),
        };
        Assert.That(isTaken, Is.True);
        Expect("nothing is leaked", isFound: true, host.CheckEmpty);
    }

    [Test]
    public void World_ThatNeverEnds_IsFound()
    {
        World world = Calm();
        Host host = world.HostAt(0);
        host.Application.Connections.Add(View(host, isOpenedHere: false));
        Expect("everything ends", isFound: true, world.Run);
    }

    private static bool Hold(Host host)
    {
        host.Holds.Add(new PayloadSlice(0, 0, 1));
        return true;
    }

    private static EndpointEvent Event(EventKind kind) => new() { Kind = kind, Connection = default };

    private static ConnectionView View(Host host, bool isOpenedHere) => new(host, default, isOpenedHere);

    /// <summary>A connection of the first host to the second, whose CONN_INIT has not left.</summary>
    private static ConnectionView Connected(World world)
    {
        Host host = world.HostAt(0);
        Assert.That(host.Endpoint.Connect(world.HostAt(1).Endpoint.Node, host.Now, out ConnectionHandle handle, host.Plan.Choices[0]), Is.EqualTo(CallStatus.Ok));
        var view = new ConnectionView(host, handle, isOpenedHere: true);
        host.Application.Connections.Add(view);
        return view;
    }

    private static World Calm() => new(WorldDraw.Of(1) with { Features = Feature.None }, new WorldKit());

    private static void Expect(string invariant, bool isFound, Action act)
    {
        if (isFound)
        {
            Assert.That(act, Throws.InstanceOf<SwarmFailureException>().With.Property(nameof(SwarmFailureException.Invariant)).EqualTo(invariant));
        }
        else
        {
            Assert.That(act, Throws.Nothing);
        }
    }
}
