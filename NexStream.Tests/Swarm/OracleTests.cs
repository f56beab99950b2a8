using NexStream.Core;
using NexStream.Core.Audit;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Swarm.Oracles;
using NexStream.Tests.Support;

namespace NexStream.Tests.Swarm;

/// <summary>Each check of the swarm finds what it is there for: a check that cannot fail checks nothing.</summary>
[TestFixture]
public sealed class OracleTests
{
    private const ulong Tag = 0x1234_5678_9ABC_0000;
    private const ulong Back = 0x1111_2222_3333_0000;

    /// <summary>Who sends in tests of the credit.</summary>
    private static readonly object s_sender = new();

    [Test]
    public void Bytes_OneWrong_IsFound() => Finds("no wrong byte", Ordered(20, out byte[] bytes), read =>
    {
        bytes[7] ^= 1;
        read.OnBytes(bytes);
    });

    [Test]
    public void Bytes_Repeated_AreFound() => Finds("no wrong byte", Ordered(40, out byte[] bytes), read =>
    {
        read.OnBytes(bytes.AsSpan(0, 20));
        read.OnBytes(bytes.AsSpan(0, 20));
    });

    [Test]
    public void Bytes_LeftOut_AreFound() => Finds("no wrong byte", Ordered(40, out byte[] bytes), read => read.OnBytes(bytes.AsSpan(8, 16)));

    [Test]
    public void Bytes_NeverSent_AreFound() => Finds("no wrong byte", Ordered(8, out _), read => read.OnBytes(new byte[9]));

    [Test]
    public void End_BeforeAllBytes_IsFound() => Finds("complete", Ordered(40, out byte[] bytes), read =>
    {
        read.Sent.IsFinished = true;
        read.OnBytes(bytes.AsSpan(0, 20));
        read.OnEnd();
    });

    [Test]
    public void End_BeforeTheSenderFinished_IsFound() => Finds("in order, once", Ordered(8, out byte[] bytes), read =>
    {
        read.OnBytes(bytes);
        read.OnEnd();
    });

    [Test]
    public void End_Twice_IsFound() => Finds("in order, once", Ordered(8, out byte[] bytes), read =>
    {
        read.Sent.IsFinished = true;
        read.OnBytes(bytes);
        read.OnEnd();
        read.OnEnd();
    });

    [Test]
    public void Message_Twice_IsFound([Values(5, 100)] int length) => Finds("once", Message(length, out byte[] message), read =>
    {
        read.OnMessage(message);
        read.OnMessage(message);
    });

    [Test]
    public void Message_OneByteWrong_IsFound([Values(5, 300)] int length) => Finds("no wrong byte", Message(length, out byte[] message), read =>
    {
        message[^1] ^= 0x80;
        read.OnMessage(message);
    });

    [Test]
    public void Message_OfAnotherLength_IsFound() => Finds("once", Message(100, out byte[] message), read => read.OnMessage(message.AsSpan(0, 99)));

    [Test]
    public void Message_Missing_IsFound() => Finds("complete", Message(100, out _), read =>
    {
        read.Sent.IsFinished = true;
        read.OnEnd();
    });

    [Test]
    public void Message_ThatMayExpireAndWasNotAcknowledged_MayBeMissing()
    {
        ReadHalf read = Message(100, out _, mayExpire: true);
        read.Sent.IsFinished = true;
        Assert.DoesNotThrow(read.OnEnd);
    }

    [Test]
    public void Report_TwiceOrNeverOrNotAskedFor_IsFound()
    {
        var sent = new SentHalf(Tag, 1, TransportMode.ReliableUnordered);
        sent.OnMessage(100, isReported: true, mayExpire: false);
        sent.OnMessage(100, isReported: false, mayExpire: false);
        Assert.That(sent.MissingReport(), Is.Not.Null);
        Assert.That(sent.OnReport(0, EventKind.MessageAcknowledged), Is.Null);
        Assert.That(sent.MissingReport(), Is.Null);
        Assert.That(sent.OnReport(0, EventKind.MessageLost), Is.Not.Null);
        Assert.That(sent.OnReport(1, EventKind.MessageLost), Is.Not.Null);
    }

    [Test]
    public void Credit_OfAStreamExceeded_IsFound([Values] bool isExceeded)
    {
        CreditOracle credit = Granted(connection: 10_000, stream: 1_000);
        CreditIs(credit, isExceeded, position: 900, length: isExceeded ? 101u : 100u);
    }

    [Test]
    public void Credit_OfTheConnectionExceeded_IsFound([Values] bool isExceeded)
    {
        CreditOracle credit = Granted(connection: isExceeded ? 999u : 1_000u, stream: 5_000);
        CreditIs(credit, isExceeded, position: 900, length: 100);
    }

    [Test]
    public void Credit_RaisedByAFrameThatArrived_MayBeUsed([Values] bool hasArrived)
    {
        CreditOracle credit = Granted(connection: 10_000, stream: 500);
        byte[] packet = Packet((ref FrameWriter writer) => new WindowUpdateFrame { StreamId = 1, Limit = 1_000 }.TryWrite(ref writer), Back);
        if (hasArrived)
        {
            credit.OnArrived(packet, Tag);
        }

        CreditIs(credit, !hasArrived, position: 900, length: 100);
    }

    // Its peer dials on under the tag that the first life had sent to.
    [Test]
    public void Credit_AfterACrash_IsThatOfTheNewLife([Values] bool hasCrashed)
    {
        object sender = hasCrashed ? new object() : s_sender;
        CreditOracle credit = Granted(connection: 1_000, stream: 5_000);
        byte[] accept = Packet((ref FrameWriter writer) => new ConnAcceptFrame { Version = ProtocolVersion.Current }.TryWrite(ref writer), Tag);
        credit.OnSent(s_sender, accept, accept.Length);
        CreditIs(credit, isExceeded: false, position: 0, length: 600);
        credit.OnSent(sender, accept, accept.Length);
        CreditIs(credit, !hasCrashed, position: 0, length: 600, stream: 3, sender);
        CreditIs(credit, isExceeded: true, position: 600, length: 600, stream: 3, sender);
    }

    [Test]
    public void Window_GrownBeyond_IsFound()
    {
        Assert.DoesNotThrow(() => WindowOracle.Check(before: 900, after: 1_000, window: 1_000));
        Assert.DoesNotThrow(() => WindowOracle.Check(before: 2_000, after: 1_500, window: 1_000), "The window shrank under what was in flight.");
        Assert.That(() => WindowOracle.Check(before: 900, after: 1_001, window: 1_000), Throws.InstanceOf<SwarmFailureException>());
    }

    [Test]
    public void Share_Exceeded_IsFound()
    {
        Assert.DoesNotThrow(() => NexStream.Swarm.Hosts.Host.CheckShare(held: 4, share: 4));
        Assert.That(() => NexStream.Swarm.Hosts.Host.CheckShare(held: 5, share: 4), Throws.InstanceOf<SwarmFailureException>());
    }

    [Test]
    public void Handle_ThatStillReachesAStream_IsFound()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle stream, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Assert.That(() => StaleRules.Check(stream), Throws.InstanceOf<SwarmFailureException>());
        Assert.DoesNotThrow(() => StaleRules.Check(default));
    }

    [Test]
    public void Audit_HealthyEndpoints_FindsNothing()
    {
        Pair pair = Busy();
        Assert.DoesNotThrow(() => new EndpointAudit(pair.Client.Endpoint).Check());
        Assert.DoesNotThrow(() => new EndpointAudit(pair.Server.Endpoint).Check());
    }

    [Test]
    public void Audit_AFrameThatIsLeaked_IsFound() => AuditFinds("references", state => state.Frames.Arena.TryAllocate(out _));

    [Test]
    public void Audit_ARecordThatIsLeaked_IsFound() => AuditFinds("Chunks", state => state.Store.Chunks.TryAllocate(out _));

    [Test]
    public void Audit_BytesInFlightThatAreNotTheirSum_AreFound() => AuditFinds("bytes in flight", state => state.Connections[0].Path.BytesInFlight++);

    [Test]
    public void Audit_BufferedBytesThatAreNotTheirSum_AreFound() => AuditFinds("for sending", state => state.Streams[state.Connections[0].Streams.Head].Send.Buffered++);

    [Test]
    public void Audit_AFlagWithoutItsList_IsFound() =>
        AuditFinds("list", state => state.Streams[state.Connections[0].Streams.Head].Flags |= StreamFlags.InControlList);

    [Test]
    public void Audit_CreditUsedBeyondItsLimit_IsFound() => AuditFinds("credit", state => state.Connections[0].Credit.Used = state.Connections[0].Credit.Limit + 1);

    [Test]
    public void Audit_AStreamThatIsInNoList_IsFound() => AuditFinds("counted", state => state.Connections[0].StreamCount++);

    [Test]
    public void Audit_ASegmentThatNoPacketCarries_IsFound() => AuditFinds(
        "SegmentsCarried", state => state.Segments[state.Streams[state.Connections[0].Streams.Head].Send.InFlight.Head].Packet++, TransportMode.ReliableUnordered);

    [Test]
    public void Audit_AMessageWithAGapInItsBeginning_IsFound()
    {
        Pair pair = Busy(TransportMode.ReliableUnordered);
        EndpointState state = pair.Server.Endpoint.State;
        int message = state.Streams[state.Connections[0].Streams.Head].Receive.PartialHead;
        Assert.That(message, Is.Not.Negative, "A message is being put together.");
        state.Store.Chunks[state.Inbound[message].Content.Tail].Position++;
        Assert.That(() => new EndpointAudit(pair.Server.Endpoint).Check(), Throws.InstanceOf<InvariantException>().With.Message.Contains("gaps"));
    }

    private static void AuditFinds(string word, Action<EndpointState> harm, TransportMode mode = TransportMode.ReliableOrdered)
    {
        Pair pair = Busy(mode);
        harm(pair.Client.Endpoint.State);
        Assert.That(() => new EndpointAudit(pair.Client.Endpoint).Check(), Throws.InstanceOf<InvariantException>().With.Message.Contains(word));
    }

    /// <summary>A pair with data under way and unread.</summary>
    private static Pair Busy(TransportMode mode = TransportMode.ReliableOrdered)
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        client.Send(new byte[20_000]);
        server.Send(new byte[5_000]);
        pair.RunFor(12 * Instant.Millisecond);
        return pair;
    }

    private static void Finds(string invariant, ReadHalf read, Action<ReadHalf> harm) =>
        Assert.That(() => harm(read), Throws.InstanceOf<SwarmFailureException>().With.Property(nameof(SwarmFailureException.Invariant)).EqualTo(invariant));

    private static ReadHalf Ordered(int length, out byte[] bytes)
    {
        var sent = new SentHalf(Tag, 1, TransportMode.ReliableOrdered);
        bytes = new byte[length];
        sent.Fill(bytes);
        sent.OnBytes(length);
        return new ReadHalf(sent);
    }

    private static ReadHalf Message(int length, out byte[] message, bool mayExpire = false)
    {
        var sent = new SentHalf(Tag, 1, TransportMode.ReliableUnordered);
        message = new byte[length];
        sent.FillMessage(message, 0, length);
        sent.OnMessage(length, isReported: false, mayExpire);
        return new ReadHalf(sent);
    }

    /// <summary>What the acceptor says that it takes, as it arrives at the initiator.</summary>
    private static CreditOracle Granted(uint connection, uint stream)
    {
        var credit = new CreditOracle(firstSequence: 0);
        var accept = new ConnAcceptFrame
        {
            Version = ProtocolVersion.Current,
            MaxData = connection,
            Parameters = new TransportParameters { Tag = Tag, InitialStreamData = stream, MaxFrameLength = TransportParameters.MaxFrameLengthMin },
        };
        credit.OnArrived(Packet((ref FrameWriter writer) => accept.TryWrite(ref writer), Back), back: 0);
        return credit;
    }

    private static void CreditIs(CreditOracle credit, bool isExceeded, ulong position, uint length, uint stream = 1, object? sender = null)
    {
        byte[] packet = Packet((ref FrameWriter writer) =>
        {
            new StreamOpenFrame { StreamId = stream, Mode = TransportMode.ReliableOrdered }.TryWrite(ref writer);
            new DataFrame { Mode = TransportMode.ReliableOrdered, StreamId = stream, Position = position }.TryWrite(ref writer);
        }, Tag);
        Action send = () => credit.OnSent(sender ?? s_sender, packet, packet.Length + (int)length);
        if (isExceeded)
        {
            Assert.That(send, Throws.InstanceOf<SwarmFailureException>());
        }
        else
        {
            Assert.DoesNotThrow(send);
        }
    }

    private static byte[] Packet(Forge.Content content, ulong tag)
    {
        byte[] bytes = new byte[600];
        new PacketHeader { Tag = tag }.Write(bytes);
        var writer = new FrameWriter(bytes.AsSpan(PacketHeader.Size));
        content(ref writer);
        return bytes[..(PacketHeader.Size + writer.Length)];
    }
}
