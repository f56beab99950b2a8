using NexStream.Core;
using NexStream.Core.Audit;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;
using static NexStream.Tests.Attacks.Attack;

namespace NexStream.Tests.Attacks;

/// <summary>What a hostile peer, or somebody who guesses, sends to a live connection.</summary>
[TestFixture]
public sealed class ConnectionAttackTests
{
    /// <summary>An id that the client could have opened but did not.</summary>
    private const uint UnopenedClientStream = 9;

    /// <summary>Every frame that names a stream, as <see cref="WriteStreamFrame"/> numbers them; those from here on name none.</summary>
    private static readonly int[] s_streamFrames = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16];

    [AttackRow(8)]
    [Test]
    public void WindowUpdate_ShrinkingAndRepeated_ChangesNothing()
    {
        Pair pair = Connected();
        Connection connection = Forge.ConnectionOf(pair.Server);
        ulong limit = connection.Credit.Limit;
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new WindowUpdateFrame { Limit = limit + 500 }.TryWrite(ref w));
        for (int i = 0; i < 3; i++)
        {
            Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new WindowUpdateFrame { WindowIncrement = 500, Limit = limit + 500 }.TryWrite(ref w));
            Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new WindowUpdateFrame { WindowIncrement = 500, Limit = 5 }.TryWrite(ref w));
        }

        Assert.That(connection.Credit.Limit, Is.EqualTo(limit + 500));
        Assert.That(connection.IsOpen, Is.True);
    }

    [AttackRow(9)]
    [Test]
    public void StreamAboveTheLimit_NamedByAnyFrame_IsAViolationAndCreatesNothing([ValueSource(nameof(s_streamFrames))] int kind)
    {
        var pair = new Pair(connection: new ConnectionConfig { MaxStreams = 4 });
        pair.Connect();
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => WriteStreamFrame(ref w, kind, UnopenedClientStream));
        AssertViolation(pair, ReasonCode.StreamLimitViolation);
        Assert.That(pair.Server.Endpoint.Statistics.StreamCount, Is.Zero);
    }

    [AttackRow(10)]
    [Test]
    public void StreamId_ReservedOrOfTheWrongSideOrNeverOpened_IsAViolation(
        [Values(0u, 2u, 0x8000_0000u, 0x8000_0001u, UnopenedClientStream)] uint id, [ValueSource(nameof(s_streamFrames))] int kind)
    {
        Pair pair = Connected();
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => WriteStreamFrame(ref w, kind, id));

        // Two combinations are legal: credit for the connection, and opening a stream that can be opened.
        bool isConnectionWindow = id == 0 && kind == 3;
        bool isOpening = kind == 0 && id == UnopenedClientStream;
        if (isConnectionWindow || isOpening)
        {
            Assert.That(pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        }
        else
        {
            // DATA_ACK of stream 0 is the acknowledgement of packets, which this one is too short for.
            AssertViolation(pair, id == 0 && kind == 9 ? ReasonCode.FrameEncodingError : ReasonCode.StreamStateViolation);
        }

        Assert.That(pair.Server.Endpoint.Statistics.StreamCount, Is.EqualTo(isOpening ? 1 : 0));
    }

    [AttackRow(10)]
    [Test]
    public void Stream_ReusedAfterItClosed_IsNotOpenedAgain()
    {
        Pair pair = Connected();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        uint id = client.Id;
        client.Close();
        server.Close();
        pair.RunUntil(() => pair.Server.Has(EventKind.StreamClosed) && pair.Client.Has(EventKind.StreamClosed));
        pair.RunFor(Instant.Second);
        int opened = pair.Server.Events.Count(e => e.Kind == EventKind.StreamOpened);
        foreach (int kind in s_streamFrames)
        {
            Forge.Inject(pair, pair.Server, (ref FrameWriter w) => WriteStreamFrame(ref w, kind, id));
        }

        Assert.That(pair.Server.Events.Count(e => e.Kind == EventKind.StreamOpened), Is.EqualTo(opened));
        Assert.That(pair.Server.Endpoint.Statistics.StreamCount, Is.Zero);
        Assert.That(pair.Server.Connection.IsOpen, Is.True, "Late frames of a closed stream are ordinary.");
        Assert.That(pair.Server.Connection.Statistics.DroppedForMemory, Is.Zero, "They are acknowledged, or they would come for ever.");
    }

    [AttackRow(11)]
    [Test]
    public void OpenCloseChurn_LongRun_LeavesNothingBehind()
    {
        Pair pair = Connected();
        for (int i = 0; i < 300; i++)
        {
            (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig((TransportMode)(1 + (i % 4))));
            client.Send(new byte[100]);
            if (i % 3 == 0)
            {
                client.Reset(ReasonCode.ApplicationBase);
            }

            client.Close();
            server.Close();
        }

        pair.RunFor(10 * Instant.Second);
        foreach (Pair.Side side in new[] { pair.Client, pair.Server })
        {
            EndpointState state = side.Endpoint.State;
            Assert.That(state.Streams.Count, Is.Zero, "streams");
            Assert.That(state.Segments.Count, Is.Zero, "segments");
            Assert.That(state.Messages.Count, Is.Zero, "messages");
            Assert.That(state.Inbound.Count, Is.Zero, "inbound messages");
            Assert.That(state.Ranges.Count, Is.Zero, "ranges");
            Assert.That(state.Store.Chunks.Count, Is.Zero, "chunks");
            Assert.That(state.StreamIndex.Count, Is.Zero, "table");
            Assert.That(state.Frames.HeldBy(side.Connection.Index), Is.LessThanOrEqualTo(2), "At most the frames for small payloads.");
        }
    }

    [AttackRow(14)]
    [Test]
    public void GuessedTag_CloseResetAndData_AreDroppedCountedAndAnsweredAtALimitedRate()
    {
        Pair pair = Connected();
        ulong tag = Forge.ConnectionOf(pair.Server).LocalTag;
        int answers = 0;
        pair.Filter = (from, _) => from != pair.Server || answers++ < 0;
        for (uint i = 0; i < 1000; i++)
        {
            ulong guess = tag ^ ((i + 1UL) << 24);
            pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, i, (ref FrameWriter w) => WriteGuess(ref w, i), default, guess));
        }

        Assert.That(pair.Server.Connection.IsOpen, Is.True);
        Assert.That(pair.Server.Endpoint.Statistics.UnknownTagDropped, Is.EqualTo(1000));
        Assert.That(answers, Is.InRange(1, 65), "One burst of answers at one instant.");
        Assert.That(pair.Server.Endpoint.Statistics.AnswersSuppressed, Is.GreaterThan(500));
    }

    [AttackRow(15)]
    [Test]
    public void CloseForAnUnknownTag_IsNotAnswered()
    {
        Pair pair = Connected();
        int answers = 0;
        pair.Filter = (from, _) => from != pair.Server || answers++ < 0;
        for (uint i = 0; i < 10; i++)
        {
            pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, i, (ref FrameWriter w) => new ConnCloseFrame { IsReflected = true }.TryWrite(ref w), default, 77));
            pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, i, (ref FrameWriter w) => default(ConnCloseAckFrame).TryWrite(ref w), default, 77));
        }

        Assert.That(answers, Is.Zero);
    }

    [AttackRow(14)]
    [Test]
    public void ReflectedClose_WithATagThatIsNotThePeers_EndsNothing()
    {
        Pair pair = Connected();
        ulong peer = Forge.ConnectionOf(pair.Server).PeerTag;
        pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, 1, (ref FrameWriter w) => new ConnCloseFrame { IsReflected = true }.TryWrite(ref w), default, peer ^ (1UL << 40)));
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
        pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, 1, (ref FrameWriter w) => new ConnCloseFrame { IsReflected = true }.TryWrite(ref w), default, peer));
        Assert.That(pair.Server.Connection.IsOpen, Is.False, "The genuine one does.");
    }

    [AttackRow(15)]
    [Test]
    public void CloseLoop_LatePacketsAfterTheEnd_AreAnsweredRarelyAndItEnds()
    {
        Pair pair = Connected();
        Connection connection = Forge.ConnectionOf(pair.Server);
        ulong tag = connection.LocalTag;
        pair.Server.Connection.Abort(pair.Now);
        int answers = 0;
        pair.Filter = (from, _) => from != pair.Server || answers++ < 0;
        pair.Settle();
        for (uint i = 0; i < 500; i++)
        {
            pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, 1000 + i, (ref FrameWriter w) => new PingFrame { PingId = i }.TryWrite(ref w), default, tag));
        }

        Assert.That(answers, Is.LessThanOrEqualTo(2));
        pair.RunFor(10 * Instant.Second);
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.Zero);
    }

    [AttackRow(20)]
    [Test]
    public void PingFlood_IsAnsweredByOnePongAPacket()
    {
        Pair pair = Connected();
        int pongs = 0;
        int packets = 0;
        pair.Filter = (from, frame) =>
        {
            pongs += from == pair.Server ? Frames.PayloadsOf(frame, FrameType.Pong).Count : 0;
            packets += from == pair.Server ? 1 : 0;
            return from != pair.Server;
        };
        for (int i = 0; i < 50; i++)
        {
            Forge.Inject(pair, pair.Server, (ref FrameWriter w) =>
            {
                for (ulong id = 0; new PingFrame { PingId = id }.TryWrite(ref w); id++)
                {
                }
            });
        }

        Assert.That(pongs, Is.InRange(1, 50));
        Assert.That(packets, Is.LessThanOrEqualTo(60));
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
    }

    [AttackRow(20)]
    [Test]
    public void Pong_Unsolicited_IsIgnored()
    {
        Pair pair = Connected();
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new PongFrame { PingId = 0 }.TryWrite(ref w));
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
    }

    [AttackRow(30)]
    [Test]
    public void AckDelay_Forged_NeverBringsTheRttBelowItsMinimum()
    {
        Pair pair = Connected();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        Connection connection = Forge.ConnectionOf(pair.Server);
        pair.Filter = (_, _) => false;
        for (int i = 0; i < 10; i++)
        {
            server.Send(new byte[100]);
            pair.Settle();
            pair.RunFor(21 * Instant.Millisecond);
            ulong largest = connection.Path.NextPacketNumber - 1;
            Forge.Inject(pair, pair.Server, (ref FrameWriter w) => PacketAckFrame.TryWrite(
                ref w, 0, uint.MaxValue, (PacketNumberRange[])[new PacketNumberRange(largest, largest)], default, hasEcn: false, 0));
        }

        Assert.That(connection.Path.Rtt.SmoothedNs, Is.GreaterThanOrEqualTo(connection.Path.Rtt.MinNs));
        Assert.That(connection.Path.Rtt.MinNs, Is.GreaterThan(0));
        Assert.That(client.Id, Is.Not.Zero);
    }

    [AttackRow(29)]
    [Test]
    public void Clock_JumpingBackAndFarForward_HarmsNothing()
    {
        Pair pair = Connected();
        (StreamHandle client, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Connection connection = Forge.ConnectionOf(pair.Server);
        client.Send(new byte[5000]);
        pair.RunFor(Instant.Second);
        Endpoint server = pair.Server.Endpoint;
        Instant before = server.State.Now;
        server.Receive(new LinkFrame(default, default), new Instant(1));
        server.HandleTimeout(pair.Server.Connection, new Instant(5));
        Assert.That(server.State.Now, Is.EqualTo(before), "Backwards counts as standing still.");
        Assert.That(connection.IsOpen, Is.True);
        server.HandleTimeout(pair.Server.Connection, pair.Now + (30_000 * Instant.Second));
        Assert.That(connection.State, Is.EqualTo(ConnectionState.Closed), "Everything that was due happens once: the idle time ended it.");
        Assert.That(connection.Path.Rtt.SmoothedNs, Is.GreaterThan(0));
    }

    /// <summary>An acknowledgement within the instant in which its packet left, and every deadline of many connections at once.</summary>
    [AttackRow(29)]
    [Test]
    public void Clock_StandingStill_GivesAPositiveRttAndEveryDeadlineIsServedOnce()
    {
        Pair pair = Connected();
        (StreamHandle _, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        pair.Filter = (_, _) => false;
        server.Send(new byte[100]);
        pair.Settle();
        Connection connection = Forge.ConnectionOf(pair.Server);
        ulong largest = connection.Path.NextPacketNumber - 1;
        Acknowledge(pair, largest, largest);
        Assert.That(connection.Path.LargestAcknowledged, Is.EqualTo(largest));
        Assert.That(connection.Path.Rtt.LatestNs, Is.GreaterThan(0));
        Assert.That(connection.Path.Rtt.MinNs, Is.GreaterThan(0));

        // Whatever is due is due once: nothing that the call leaves behind is due at the same instant again.
        Instant late = pair.Now + (Instant.Second / 2);
        Endpoint endpoint = pair.Server.Endpoint;
        endpoint.HandleTimeout(pair.Server.Connection, late);
        pair.Settle();
        Assert.That(pair.Server.NextDeadline, Is.GreaterThan(pair.Now));
    }

    [AttackRow(27)]
    [Test]
    public void Frame_TruncatedAtEveryByteOrUnknown_IsAnErrorAndNeverThrows()
    {
        Pair pair = Connected();
        var captured = new List<Pair.Frame>();
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Client && captured.Count < 12)
            {
                captured.Add(frame);
            }

            return true;
        };
        (StreamHandle client, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        client.Send(new byte[100]);
        client.Finish();
        pair.RunFor(Instant.Second);
        Assert.That(captured, Is.Not.Empty);
        foreach (Pair.Frame frame in captured)
        {
            for (int length = 0; length < frame.Bytes.Length; length++)
            {
                Pair victim = Connected();
                byte[] bytes = frame.Bytes[..length];
                if (length >= PacketHeader.Size)
                {
                    new PacketHeader { Tag = Forge.ConnectionOf(victim.Server).LocalTag, PacketNumber = 900 }.Write(bytes);
                }

                Assert.That(() => victim.Inject(victim.Server, Forge.Raw(victim, victim.Server, bytes)), Throws.Nothing);
            }
        }

        for (int type = 0; type < 256; type++)
        {
            Pair victim = Connected();
            byte unknown = (byte)type;
            Assert.That(() => Forge.Inject(victim, victim.Server, (ref FrameWriter w) => w.TryBegin((FrameType)unknown, 0, 0, out _)), Throws.Nothing);
            if (!Enum.IsDefined((FrameType)unknown))
            {
                AssertViolation(victim, ReasonCode.FrameEncodingError);
            }
        }
    }

    [AttackRow(28)]
    [Test]
    public void LegalFrame_InEveryStateOfItsStreamAndConnection_HasADefinedOutcome([Range(0, 8)] int situation)
    {
        for (int kind = 0; kind <= 16; kind++)
        {
            for (int mode = 1; mode <= 4; mode++)
            {
                Pair pair = Connected();
                (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig((TransportMode)mode));
                uint id = client.Id;
                Bring(pair, client, server, situation);
                ulong tag = Forge.ConnectionOf(pair.Server).LocalTag;
                int k = kind;
                Assert.That(
                    () => pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, 5000, (ref FrameWriter w) => WriteStreamFrame(ref w, k, id), new byte[k is 1 or 16 ? 10 : 0], tag)),
                    Throws.Nothing,
                    $"frame {kind}, mode {mode}, situation {situation}");
                Assert.That(() => new EndpointAudit(pair.Server.Endpoint).Check(), Throws.Nothing, $"What is kept agrees. Frame {kind}, mode {mode}, situation {situation}");
                pair.Filter = (_, _) => false;
                Assert.That(() => pair.RunFor(100 * Instant.Second), Throws.Nothing, $"frame {kind}, mode {mode}, situation {situation}");
                Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.Zero, "Alone it ends by its time-outs.");
                Assert.That(pair.Server.Endpoint.State.Streams.Count, Is.Zero);
            }
        }
    }

    private static void Bring(Pair pair, StreamHandle client, StreamHandle server, int situation)
    {
        switch (situation)
        {
            case 1:
                client.Send([1, 2, 3]);
                client.Finish();
                break;
            case 2:
                server.Send([1, 2, 3]);
                server.Finish();
                break;
            case 3:
                client.Reset(ReasonCode.ApplicationBase);
                break;
            case 4:
                server.Reset(ReasonCode.ApplicationBase);
                break;
            case 5:
                client.Close();
                server.Close();
                break;
            case 6:
                client.Send([1, 2, 3]);
                pair.RunFor(Instant.Second / 10);
                pair.Client.Connection.Close(pair.Now);
                break;
            case 7:
                pair.Server.Connection.Abort(pair.Now);
                break;
            case 8:
                server.Send([1, 2, 3]);
                pair.Filter = (_, _) => false;
                pair.Server.Connection.Close(pair.Now);
                break;
            default:
                break;
        }

        pair.RunFor(Instant.Second / 10);
    }

    private static void WriteGuess(ref FrameWriter writer, uint i)
    {
        if (i % 3 == 0)
        {
            new PingFrame().TryWrite(ref writer);
        }
        else if (i % 3 == 1)
        {
            new StreamResetFrame { StreamId = 1 }.TryWrite(ref writer);
        }
        else
        {
            new DataFrame { Mode = TransportMode.ReliableOrdered, StreamId = 1 }.TryWrite(ref writer);
        }
    }

    private static void WriteStreamFrame(ref FrameWriter writer, int kind, uint id)
    {
        switch (kind)
        {
            case 0: new StreamOpenFrame { StreamId = id, Mode = TransportMode.ReliableOrdered }.TryWrite(ref writer); break;
            case 1: new DataFrame { StreamId = id, Mode = TransportMode.ReliableOrdered }.TryWrite(ref writer); break;
            case 2: new StreamCloseFrame { StreamId = id }.TryWrite(ref writer); break;
            case 3: new WindowUpdateFrame { StreamId = id }.TryWrite(ref writer); break;
            case 4: new StreamResetFrame { StreamId = id }.TryWrite(ref writer); break;
            case 5: new DataSkipFrame { StreamId = id }.TryWrite(ref writer); break;
            case 6: new StreamAckFrame { StreamId = id }.TryWrite(ref writer); break;
            case 7: new StreamCloseAckFrame { StreamId = id }.TryWrite(ref writer); break;
            case 8: new StreamResetFrame { StreamId = id, Direction = StreamResetDirection.StopSending }.TryWrite(ref writer); break;
            case 9: new StreamDataAckFrame { StreamId = id }.TryWrite(ref writer); break;
            case 10: new ConnCloseFrame { IsGraceful = true }.TryWrite(ref writer); break;
            case 11: default(ConnCloseAckFrame).TryWrite(ref writer); break;
            case 12: new MaxStreamsFrame { MaxStreams = 9 }.TryWrite(ref writer); break;
            case 13: new PingFrame { PingId = 4 }.TryWrite(ref writer); break;
            case 14: DataNackFrame.TryWrite(ref writer, id, [new NackRange(0, 1)]); break;
            case 15: new ReceiverReportFrame { StreamId = id }.TryWrite(ref writer); break;
            default: new RepairFrame { StreamId = id, GroupSize = 2 }.TryWrite(ref writer); break;
        }
    }
}
