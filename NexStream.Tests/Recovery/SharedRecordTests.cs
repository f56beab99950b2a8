using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Recovery;

/// <summary>Packets that leave alike are one record until they fare differently.</summary>
[TestFixture]
public sealed class SharedRecordTests
{
    /// <summary>Application bytes in a full packet of the shortest frames, in which no path searches for longer ones.</summary>
    private const int Packet = ConnectionConfig.FrameLengthMin - World.HeadBytes;

    /// <summary>Fits beside every message's head.</summary>
    private const int Message = 1000;
    private const int Group = 10;

    // Behind a pause one packet goes by itself, and one that has an acknowledgement to tell is another.
    [Test]
    public void Group_OfFullPackets_IsOneRecordBehindTheFirst(
        [Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered, TransportMode.BestEffort)] TransportMode mode, [Values(1, 4)] int packetsPerFrame)
    {
        var world = new World(mode, mode == TransportMode.ReliableOrdered ? packetsPerFrame : 1);
        world.Send(Group);
        bool isShared = mode != TransportMode.ReliableUnordered;
        Assert.That(world.State.Packets.Count, isShared ? Is.LessThanOrEqualTo(3) : Is.EqualTo(Group), "A message that is kept has a record of its own.");
        Assert.That(world.State.PacketsInRuns, Is.EqualTo(Group - world.State.Packets.Count));
        Assert.That(world.InFlight, Is.EqualTo(Group));
        world.Audit();
        world.Finish();
        Assert.That((world.State.Packets.Count, world.State.PacketsInRuns), Is.EqualTo((0, 0)));
    }

    // The last packet of a full send buffer asks for an acknowledgement, and so does the one that fills a small window, beyond which none goes.
    [TestCase(TransportMode.ReliableOrdered, 24, 24, 0, 4)]
    [TestCase(TransportMode.ReliableOrdered, 8, 64, 8, 4)]
    [TestCase(TransportMode.ReliableOrdered, 24, 64, 8, 5)]
    [TestCase(TransportMode.ReliableUnordered, 24, 24, 0, 4)]
    [TestCase(TransportMode.ReliableUnordered, 8, 64, 8, 4)]
    [TestCase(TransportMode.ReliableUnordered, 24, 64, 8, 5)]
    public void Group_InOneFrame_SaysWhatEachPacketByItselfWouldSay(TransportMode mode, int count, int bufferPackets, int windowFrames, int burst)
    {
        List<string>[] logs = [.. new[] { true, false }.Select(usesPrediction =>
        {
            var world = new World(mode, 8, config => config with
            {
                Congestion = windowFrames > 0 ? new CongestionControllerFactory("fixed", () => new FixedWindow(windowFrames * ConnectionConfig.FrameLengthMin)) : config.Congestion,
                Connection = config.Connection with { SendBuffer = bufferPackets * Packet },
            });
            world.State.UsesPrediction = usesPrediction;
            world.Pair.BurstLength = burst;
            world.Pair.Log.Clear();
            for (int i = 0; i < 3; i++)
            {
                world.Send(count);
                world.Pair.DeliverAll();
                world.Pair.Drain();
                world.Wait();
                world.Finish();
            }

            return world.Pair.Log;
        })];
        Assert.That(logs[0], Is.EqualTo(logs[1]));
    }

    [Test]
    public void Group_OfPacketsOfTwoLengths_IsTwoRecords()
    {
        var world = new World(TransportMode.BestEffort, 1);
        world.Send(Group);
        int before = world.State.Packets.Count;
        world.Queue(3);
        world.Send(3, Message - 100);
        Assert.That(world.State.Packets.Count - before, Is.EqualTo(2));
        world.Audit();
    }

    [TestCase(TransportMode.ReliableOrdered, 1, new[] { 4 })]
    [TestCase(TransportMode.ReliableOrdered, 4, new[] { 4 })]
    [TestCase(TransportMode.ReliableOrdered, 4, new[] { 1 })]
    [TestCase(TransportMode.ReliableOrdered, 4, new[] { 2, 3, 6 })]
    [TestCase(TransportMode.ReliableOrdered, 1, new[] { 2, 3, 6 })]
    [TestCase(TransportMode.ReliableOrdered, 4, new[] { 1, 3, 5, 7 })]
    [TestCase(TransportMode.ReliableOrdered, 1, new[] { 1, 3, 5, 7 })]
    [TestCase(TransportMode.ReliableOrdered, 4, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    [TestCase(TransportMode.ReliableUnordered, 10, new[] { 1 })]
    [TestCase(TransportMode.ReliableUnordered, 10, new[] { 2, 3, 6 })]
    [TestCase(TransportMode.ReliableUnordered, 10, new[] { 1, 3, 5, 7 })]
    [TestCase(TransportMode.ReliableUnordered, 5, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    public void Acknowledgement_WithGaps_LeavesWhatIsMissingAndSendsItAgain(TransportMode mode, int packetsPerFrame, int[] lost)
    {
        var world = new World(mode, packetsPerFrame);
        world.Send(Group);
        uint before = world.Sender.Statistics.PacketsLost;
        world.Lose(lost);
        world.Wait();
        world.Audit();
        world.Finish();
        Assert.That(world.Sender.Statistics.PacketsLost - before, Is.EqualTo(lost.Length), "Nothing that arrived counts as lost.");
        Assert.That(world.Read, Is.EqualTo(world.Written));
    }

    [TestCase(TransportMode.ReliableOrdered, 1)]
    [TestCase(TransportMode.BestEffort, 1)]
    [TestCase(TransportMode.ReliableUnordered, 20)]
    public void Acknowledgement_OfEverySecond_FindsTheRecordsThatItNeeds(TransportMode mode, int packetsPerFrame)
    {
        // As many as there are: what splits records has nothing left but what each packet kept.
        const int Most = 16;
        var world = new World(mode, packetsPerFrame, config => config with { MaxPacketsInFlight = Most });
        world.Send(Most + 4);
        Assert.That(world.InFlight, Is.EqualTo(Most), "A packet that shares a record counts as one that has its own.");
        Assert.That(world.State.PacketsUnreserved, Is.Zero);
        world.Lose([1, 3, 5, 7, 9, 11]);
        world.Wait();
        world.Audit();
        world.Finish();
        Assert.That((world.State.Packets.Count, world.State.PacketsInRuns), Is.EqualTo((0, 0)));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Message_OfSeveralPackets_IsOneSegmentBehindTheFirst(int messages)
    {
        var world = new World(TransportMode.ReliableUnordered, Group);
        world.Send(messages * Group);

        // Behind a pause the first packet goes by itself; the last of a message, which may ask for an acknowledgement, does as well.
        Assert.That(world.State.Segments.Count, Is.InRange(messages + 1, (2 * messages) + 3));
        Assert.That(world.State.SegmentsReserved, Is.EqualTo((messages * Group) - world.State.Segments.Count), "Each packet has a segment, or keeps one in reserve.");
        Assert.That(world.State.PacketsInRuns, Is.EqualTo(world.State.SegmentsReserved));
        world.Audit();
        world.Finish();
        Assert.That((world.State.Segments.Count, world.State.SegmentsReserved, world.State.Packets.Count), Is.EqualTo((0, 0, 0)));
        Assert.That(world.Read, Is.EqualTo(world.Written));
    }

    // What an application sends on may be parts of one frame with another between them: the rest follows the first of them, and not the last.
    [TestCase(1, 3)]
    [TestCase(2, 0)]
    public void Extend_OfASegment_GivesItWhatFollowsInItsOnlyPiece(int pieces, int expected)
    {
        var world = new World(TransportMode.ReliableUnordered, Group);
        var segments = new SegmentStore(world.State);
        var segment = new Segment { SliceCount = (byte)pieces, Length = 100 * pieces };
        segment.Slices[0] = new PayloadSlice(1, 0, 100);
        segment.Slices[1] = new PayloadSlice(2, 0, 100);
        var message = new OutboundMessage { Piece = new PayloadSlice(1, 100, 800), Unsent = ChunkList.Empty };
        Assert.That(segments.Extend(ref segment, ref message, most: 3), Is.EqualTo(expected));
        Assert.That(segment.Length + message.Piece.Length, Is.EqualTo((100 * pieces) + 800));
    }

    [Test]
    public void Message_OfSeveralPackets_LeavesTheNumberOutThatIsToBeSkipped()
    {
        var world = new World(TransportMode.ReliableUnordered, Group);
        NexStream.Core.State.Path path = world.State.Connections[0].Path;
        ulong skipped = path.NextPacketNumber + 5;
        path.NextSkip = skipped;
        world.Send(Group);
        Assert.That((path.SkippedNumber, world.InFlight), Is.EqualTo((skipped, Group)));
        for (int i = path.InFlight.Head; i >= 0; i = world.State.Packets[i].Next)
        {
            Assert.That(skipped, Is.Not.InRange(world.State.Packets[i].Number, world.State.Packets[i].Last));
        }

        world.Finish();
        Assert.That(world.Read, Is.EqualTo(world.Written));
    }

    [Test]
    public void Message_OfSeveralPacketsBeyondTheStreamsCredit_Waits([Values] bool usesPrediction)
    {
        const int Credit = 3;
        var world = new World(TransportMode.ReliableUnordered, Group);
        world.State.UsesPrediction = usesPrediction;
        ref SendHalf send = ref world.State.Streams[world.Sender.Index].Send;
        send.Window.Limit = send.Window.Used + Credit;
        world.Send(5 * Group);
        Assert.That(world.InFlight, Is.EqualTo(Credit * Group));
        world.Audit();
    }

    [Test]
    public void Reset_WithPacketsThatShareASegmentUnderWay_GivesTheirReservesBack([Values] bool isLost)
    {
        var world = new World(TransportMode.ReliableUnordered, Group);
        world.Send(Group);
        world.Sender.Reset(ReasonCode.Aborted);
        Assert.That(world.State.Segments.Count, Is.Zero, "What was sent is needed no longer.");
        Assert.That(world.State.SegmentsReserved, Is.GreaterThan(0), "The packets are under way.");
        world.Audit();
        world.Lose(isLost ? [2, 5] : []);
        world.Wait();
        world.Finish();
        Assert.That((world.State.SegmentsReserved, world.InFlight), Is.EqualTo((0, 0)));
    }

    /// <summary>Where a stream's place has another, whose bytes are acknowledged into the middle of the record, nothing of it is looked up (noticed where invariants are checked).</summary>
    [Test]
    public void Acknowledgement_WithGapsOfAStreamThatIsGone_AsksItsSuccessorNothing()
    {
        var world = new World(TransportMode.ReliableOrdered, 1);
        world.Send(Group);
        int place = world.Sender.Index;
        world.Sender.Reset(ReasonCode.Aborted);
        world.Pair.Drain();
        while (world.Pair.InTransit > Group)
        {
            world.Pair.Deliver(Group);
            world.Pair.Drain();
        }

        world.Open();
        Assert.That(world.Sender.Index, Is.EqualTo(place), "The stream is gone, and its packets are under way.");
        world.Send((2 * Group) + 5);
        while (world.Pair.InTransit > Group)
        {
            world.Pair.Deliver(Group);
        }

        world.Lose([7]);
        world.Wait();
        world.Finish();
        Assert.That((world.InFlight, world.State.PacketsInRuns), Is.EqualTo((0, 0)));
    }

    [TestCase(TransportMode.ReliableOrdered, 1)]
    [TestCase(TransportMode.ReliableUnordered, Group)]
    public void ProbeTimeout_SendsTheFirstTwoAgain_AndKeepsTheOthers(TransportMode mode, int packetsPerFrame)
    {
        var world = new World(mode, packetsPerFrame);
        world.Send(Group);
        world.Lose([.. Enumerable.Range(0, Group)]);
        while (world.Pair.InTransit == 0)
        {
            world.Pair.Advance(Instant.Millisecond);
            world.Pair.Drain();
        }

        Assert.That(world.Pair.SlicesInTransit.Where(slices => slices.Length > 0).Select(slices => slices.Sum()), Is.EqualTo(new[] { world.PacketBytes, world.PacketBytes }));
        world.Audit();
        world.Finish();
        Assert.That(world.Read, Is.EqualTo(world.Written));
    }

    [TestCase(TransportMode.ReliableOrdered, 1)]
    [TestCase(TransportMode.ReliableUnordered, Group)]
    public void ChangeNode_WithAGroupInFlight_DiscountsAllOfIt(TransportMode mode, int packetsPerFrame)
    {
        var world = new World(mode, packetsPerFrame);
        world.Send(Group);
        world.Pair.Client.Endpoint.ChangeNode(new NodeId(0, 9), world.Pair.Now);
        NexStream.Core.State.Path path = world.State.Connections[0].Path;
        Assert.That((path.BytesInFlight, path.InFlight.Count), Is.EqualTo((0L, Group)));
        world.Audit();
        for (int i = path.InFlight.Head, number = 1; i >= 0; i = world.State.Packets[i].Next, number++)
        {
            Assert.That(world.State.Packets[i].TransmitInFlight, Is.EqualTo((long)number * ConnectionConfig.FrameLengthMin), "What was in flight when it left does not change.");
        }
    }

    [Test]
    public void Split_GivesEachHalfWhatItsFirstPacketHad()
    {
        var packets = new Slab<SentPacket>(4);
        SentPackets list = SentPackets.Empty;
        packets.TryAllocate(out int first);
        packets[first] = new SentPacket
        {
            Number = 100,
            Packets = 5,
            Position = 9000,
            Length = 10,
            Size = 50,
            TransmitInFlight = 350,
            Flags = SentPacketFlags.FollowsAcknowledged | SentPacketFlags.Ect0,
        };
        list.Append(packets, first);
        packets.TryAllocate(out int behind);
        packets[behind] = new SentPacket { Number = 105, Packets = 1 };
        list.Append(packets, behind);
        packets.TryAllocate(out int rest);
        list.Split(packets, first, 2, rest);

        ref SentPacket front = ref packets[first];
        ref SentPacket tail = ref packets[rest];
        Assert.That((front.Number, front.Last, front.Packets, front.Position, front.TransmitInFlight, front.LastTransmitInFlight), Is.EqualTo((100UL, 101UL, 2, 9000UL, 350L, 400L)));
        Assert.That((tail.Number, tail.Last, tail.Packets, tail.Position, tail.TransmitInFlight, tail.LastTransmitInFlight), Is.EqualTo((102UL, 104UL, 3, 9020UL, 450L, 550L)));
        Assert.That((front.Flags, tail.Flags), Is.EqualTo((SentPacketFlags.FollowsAcknowledged | SentPacketFlags.Ect0, SentPacketFlags.Ect0)));
        Assert.That((front.Previous, front.Next, tail.Previous, tail.Next, packets[behind].Previous), Is.EqualTo((-1, rest, first, behind, rest)));
        Assert.That((list.Head, list.Tail, list.Count), Is.EqualTo((first, behind, 6)));
    }

    [Test]
    public void Split_OfTheLastRecord_MovesTheTail()
    {
        var packets = new Slab<SentPacket>(2);
        SentPackets list = SentPackets.Empty;
        packets.TryAllocate(out int first);
        packets[first] = new SentPacket { Packets = 2 };
        list.Append(packets, first);
        packets.TryAllocate(out int rest);
        list.Split(packets, first, 1, rest);
        Assert.That((list.Head, list.Tail, list.Count), Is.EqualTo((first, rest, 2)));
    }

    [Test]
    public void DeliveryRate_OfARecord_IsThatOfItsLastPacket()
    {
        var sampler = default(DeliveryRateSampler);
        var packet = new SentPacket { Packets = 3, Size = 100, SentAt = new Instant(Instant.Second) };
        sampler.OnSent(ref packet, 0);
        sampler.OnAcknowledged(packet, 300, new Instant(2 * Instant.Second));
        Assert.That(sampler.Take(new Instant(2 * Instant.Second), 1).TransmitInFlight, Is.EqualTo(300));
    }

    [TestCase(4, 3)]
    [TestCase(1, 8)]
    public void Arrival_OfPiecesThatAdjoin_TakesAChunkAFrame(int packetsPerFrame, int chunks)
    {
        // The first goes by itself and ends where its frame does not: the group lies in the rest of that frame and one more, or two.
        const int Count = 8;
        var world = new World(TransportMode.ReliableOrdered, packetsPerFrame);
        world.Send(Count);
        world.Pair.DeliverAll();
        _ = world.Pair.Server.Endpoint.TryGetEvent(out _);
        Assert.That(world.Pair.Server.Endpoint.State.Store.Chunks.Count, Is.LessThanOrEqualTo(chunks).And.GreaterThan(Count / (packetsPerFrame + 1)));
        world.Pair.Audit(world.Pair.Server);
        world.Finish();
        Assert.That(world.Read, Is.EqualTo(world.Written));
        Assert.That(world.Pair.Client.Endpoint.Arena.FreeCount, Is.EqualTo(World.FrameCount), "A frame goes back as often as it was handed over.");
    }

    [Test]
    public void Arrival_OfPiecesOfALargeFrame_CopiesThemFromASixteenthOn()
    {
        var kept = new World(TransportMode.ReliableOrdered, 15);
        kept.Send(15);
        kept.Wait();
        Assert.That(kept.Pair.Server.Endpoint.Arena.FreeCount, Is.EqualTo(World.FrameCount), "They lie where the sender wrote them.");

        var copied = new World(TransportMode.ReliableOrdered, 16);
        copied.Send(16);
        copied.Wait();
        Assert.That(copied.Pair.Server.Endpoint.Arena.FreeCount, Is.LessThan(World.FrameCount), "They would hold a frame of the sender's that is sixteen times as long.");
    }

    // As a link may that receives several packets into one frame: each comes with a reference.
    [Test]
    public void Arrival_OfPiecesThatAdjoinInAFrameOfItsOwn_GivesTheirReferencesBack()
    {
        var world = new World(TransportMode.ReliableOrdered, 4);
        FrameTable frames = world.Pair.Server.Endpoint.State.Frames;
        world.Send(4);
        Assert.That(frames.Arena.TryAllocate(out int index), Is.True);
        frames.AddReference((uint)index, 3);
        for (int i = 0; i < 4; i++)
        {
            world.Pair.DeliverInto(index, i * Packet);
        }

        world.Finish();
        Assert.That(world.Read, Is.EqualTo(world.Written));
        Assert.That(frames.Arena.FreeCount, Is.EqualTo(World.FrameCount));
    }

    /// <summary>A client that sends on one stream to a server that reads it, warmed up, with packets that carry a frame or a part of one.</summary>
    private sealed class World
    {
        public const int FrameCount = 256;

        /// <summary>A burst is one record at the most.</summary>
        private const int BurstLength = 20;

        /// <summary>NexLink's header, the packet's, and DATA's of a Reliable-Ordered stream.</summary>
        public const int HeadBytes = 80;

        private readonly byte[] _data = new byte[21 * Packet];
        private readonly byte[] _destination = new byte[1 << 18];
        private readonly int _packetsPerFrame;
        private readonly TransportMode _mode;
        private readonly ConnectionHandle _connection;
        private StreamHandle _sender;
        private StreamHandle _reader;

        public World(TransportMode mode, int packetsPerFrame, Func<EndpointConfig, EndpointConfig>? configure = null)
        {
            _mode = mode;
            _packetsPerFrame = packetsPerFrame;
            var random = new SeededRandom(1);
            random.Fill(_data);
            EndpointConfig client = Config(1);
            Pair = new ReferencePair(configure?.Invoke(client) ?? client, Config(2), packetsPerFrame * Packet, FrameCount);
            Pair.BurstLength = BurstLength;
            Pair.Server.OnEvent = item => _reader = item.Kind == EventKind.StreamOpened ? item.Stream : _reader;
            Pair.Client.Endpoint.Connect(Pair.Server.Endpoint.Node, Pair.Now, out _connection);
            Pair.Settle();
            Open();
            Finish();

            // Until marks for ECN were tried, and the first acknowledgements, which come more often, are over.
            Send(2 * Group);
            Finish();
            Written.Clear();
            Read.Clear();
        }

        public ReferencePair Pair { get; }

        public EndpointState State => Pair.Client.Endpoint.State;

        public StreamHandle Sender => _sender;

        /// <summary>Application bytes in a packet: as many as fit, of a message that is one packet fewer.</summary>
        public int PacketBytes => _mode == TransportMode.ReliableOrdered ? Packet
            : _mode == TransportMode.ReliableUnordered && _packetsPerFrame > 1 ? ConnectionConfig.FrameLengthMin - LinkHeader.Size - MessageHead.ReliableSize
            : Message;

        public int InFlight => State.Connections[0].Path.InFlight.Count;

        public List<byte> Written { get; } = [];

        public List<byte> Read { get; } = [];

        /// <summary>A stream from the client takes the place of the one before.</summary>
        public void Open()
        {
            Assert.That(_connection.OpenStream(new StreamConfig(_mode), out _sender), Is.EqualTo(CallStatus.Ok));
            Written.Clear();
            Read.Clear();
        }

        /// <summary>Queues so many packets' payload, and lets them leave.</summary>
        public void Send(int packets, int length = 0)
        {
            Queue(packets, length);
            Pair.Drain();
        }

        public void Queue(int packets, int length = 0)
        {
            length = length > 0 ? length : PacketBytes;
            for (int i = 0; i < packets; i += _packetsPerFrame)
            {
                ReadOnlySpan<byte> data = _data.AsSpan(i % 4 * 100, Math.Min(_packetsPerFrame, packets - i) * length);
                Assert.That(_sender.Send(data).Bytes, Is.EqualTo(data.Length));
                Written.AddRange(data);
            }
        }

        /// <summary>Of the packets under way these are lost; the others arrive.</summary>
        public void Lose(int[] lost)
        {
            for (int i = 0, at = 0; Pair.InTransit > at; i++)
            {
                if (lost.Contains(i))
                {
                    Pair.Drop(at);
                }
                else
                {
                    Pair.Deliver(at);
                }
            }
        }

        public void Audit() => Pair.Audit(Pair.Client);

        /// <summary>Longer than an acknowledgement is held back, in steps so short that it comes before the probe that would ask for it.</summary>
        public void Wait()
        {
            for (int i = 0; i < 30; i++)
            {
                Pair.Settle();
                Pair.Advance(Instant.Millisecond);
            }

            Pair.Settle();
        }

        /// <summary>Until nothing is unacknowledged and all that arrived was read.</summary>
        public void Finish()
        {
            for (int i = 0; i < 30; i++)
            {
                while (_reader.Receive(_destination) is { Status: CallStatus.Ok } result)
                {
                    Read.AddRange(_destination.AsSpan(0, result.Bytes));
                }

                Wait();
            }

            Audit();
        }

        private static EndpointConfig Config(byte node) => new()
        {
            Node = new NodeId(0, node),
            Key = new byte[EndpointConfig.KeySize],
            Connection = new ConnectionConfig { MaxFrameLength = ConnectionConfig.FrameLengthMin, SendBuffer = 64 * Packet },
            MaxConnections = 1,
            Congestion = CongestionControllers.None,
        };
    }
}
