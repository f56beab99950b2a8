using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Tests.Support;

namespace NexStream.Tests.Recovery;

/// <summary>Packets that leave alike are one record until they fare differently.</summary>
[TestFixture]
public sealed class SharedRecordTests
{
    private const int Packet = GroupWorld.Packet;
    private const int Message = GroupWorld.Message;
    private const int Group = GroupWorld.Group;

    // Behind a pause one packet goes by itself, and one that has an acknowledgement to tell is another.
    [Test]
    public void Group_OfFullPackets_IsOneRecordBehindTheFirst(
        [Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered, TransportMode.BestEffort)] TransportMode mode, [Values(1, 4)] int packetsPerFrame)
    {
        var world = new GroupWorld(mode, mode == TransportMode.ReliableOrdered ? packetsPerFrame : 1);
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
            var world = new GroupWorld(mode, 8, config => config with
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
        var world = new GroupWorld(TransportMode.BestEffort, 1);
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
        var world = new GroupWorld(mode, packetsPerFrame);
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
        var world = new GroupWorld(mode, packetsPerFrame, config => config with { MaxPacketsInFlight = Most });
        world.Send(Most + 4);
        Assert.That(world.InFlight, Is.EqualTo(Most), "A packet that shares a record counts as one that has its own.");
        Assert.That(world.State.PacketsUnreserved, Is.Zero);
        world.Lose([1, 3, 5, 7, 9, 11]);
        world.Wait();
        world.Audit();
        world.Finish();
        Assert.That((world.State.Packets.Count, world.State.PacketsInRuns), Is.EqualTo((0, 0)));
    }

    /// <summary>Where a stream's place has another, whose bytes are acknowledged into the middle of the record, nothing of it is looked up (noticed where invariants are checked).</summary>
    [Test]
    public void Acknowledgement_WithGapsOfAStreamThatIsGone_AsksItsSuccessorNothing()
    {
        var world = new GroupWorld(TransportMode.ReliableOrdered, 1);
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
        var world = new GroupWorld(mode, packetsPerFrame);
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
        var world = new GroupWorld(mode, packetsPerFrame);
        world.Send(Group);
        world.Pair.Client.Endpoint.ChangeNode(new NodeId(0, 9), world.Pair.Now);
        NexStream.Core.State.Path path = world.State.Connections[0].Path;
        Assert.That((path.BytesInFlight, path.InFlight.Count), Is.EqualTo((0L, Group)));
        world.Audit();
        for (int i = path.InFlight.Head, number = 1; i >= 0; i = world.State.Packets[i].Link.Next, number++)
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
        Assert.That((front.Link.Previous, front.Link.Next, tail.Link.Previous, tail.Link.Next, packets[behind].Link.Previous), Is.EqualTo((-1, rest, first, behind, rest)));
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
        var world = new GroupWorld(TransportMode.ReliableOrdered, packetsPerFrame);
        world.Send(Count);
        world.Pair.DeliverAll();
        _ = world.Pair.Server.Endpoint.TryGetEvent(out _);
        Assert.That(world.Pair.Server.Endpoint.State.Store.Chunks.Count, Is.LessThanOrEqualTo(chunks).And.GreaterThan(Count / (packetsPerFrame + 1)));
        world.Pair.Audit(world.Pair.Server);
        world.Finish();
        Assert.That(world.Read, Is.EqualTo(world.Written));
        Assert.That(world.Pair.Client.Endpoint.Arena.FreeCount, Is.EqualTo(GroupWorld.FrameCount), "A frame goes back as often as it was handed over.");
    }

    [Test]
    public void Arrival_OfPiecesOfALargeFrame_CopiesThemFromASixteenthOn()
    {
        var kept = new GroupWorld(TransportMode.ReliableOrdered, 15);
        kept.Send(15);
        kept.Wait();
        Assert.That(kept.Pair.Server.Endpoint.Arena.FreeCount, Is.EqualTo(GroupWorld.FrameCount), "They lie where the sender wrote them.");

        var copied = new GroupWorld(TransportMode.ReliableOrdered, 16);
        copied.Send(16);
        copied.Wait();
        Assert.That(copied.Pair.Server.Endpoint.Arena.FreeCount, Is.LessThan(GroupWorld.FrameCount), "They would hold a frame of the sender's that is sixteen times as long.");
    }

    // As a link may that receives several packets into one frame: each comes with a reference.
    [Test]
    public void Arrival_OfPiecesThatAdjoinInAFrameOfItsOwn_GivesTheirReferencesBack()
    {
        var world = new GroupWorld(TransportMode.ReliableOrdered, 4);
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
        Assert.That(frames.Arena.FreeCount, Is.EqualTo(GroupWorld.FrameCount));
    }
}
