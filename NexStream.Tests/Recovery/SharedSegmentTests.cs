using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Tests.Recovery;

/// <summary>Packets that leave alike for one Reliable-Unordered message share a segment as well as a record.</summary>
[TestFixture]
public sealed class SharedSegmentTests
{
    private const int Group = GroupWorld.Group;

    [TestCase(1)]
    [TestCase(2)]
    public void Message_OfSeveralPackets_IsOneSegmentBehindTheFirst(int messages)
    {
        var world = new GroupWorld(TransportMode.ReliableUnordered, Group);
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
        var world = new GroupWorld(TransportMode.ReliableUnordered, Group);
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
        var world = new GroupWorld(TransportMode.ReliableUnordered, Group);
        NexStream.Core.State.Path path = world.State.Connections[0].Path;
        ulong skipped = path.NextPacketNumber + 5;
        path.NextSkip = skipped;
        world.Send(Group);
        Assert.That((path.SkippedNumber, world.InFlight), Is.EqualTo((skipped, Group)));
        for (int i = path.InFlight.Head; i >= 0; i = world.State.Packets[i].Link.Next)
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
        var world = new GroupWorld(TransportMode.ReliableUnordered, Group);
        world.State.UsesPrediction = usesPrediction;
        ref SendHalf send = ref world.State.Streams[world.Sender.Index].Send;
        send.Window.Limit = send.Window.Used + Credit;
        world.Send(5 * Group);
        Assert.That(world.InFlight, Is.EqualTo(Credit * Group));
        world.Audit();
    }

    // As where each packet has a segment of its own: what is freed together goes back in the order in which it left.
    [Test]
    public void Split_OfASegment_LeavesThoseInFlightInTheirOrder()
    {
        var world = new GroupWorld(TransportMode.ReliableUnordered, Group);
        world.Send(2 * Group);
        world.Lose([.. Enumerable.Range(0, 2 * Group).Where(packet => packet != 5)]);
        world.Pair.Drain();
        world.Pair.DeliverAll();
        var packets = new List<ulong>();
        for (int i = world.State.Streams[world.Sender.Index].Send.InFlight.Head; i >= 0; i = world.State.Segments[i].Link.Next)
        {
            packets.Add(world.State.Segments[i].Packet);
        }

        Assert.That(packets, Has.Count.GreaterThan(2).And.Ordered);
        world.Finish();
        Assert.That(world.Read, Is.EqualTo(world.Written));
    }

    [Test]
    public void ProbeTimeout_BehindAReset_LeavesPacketsTogetherThatCarryNothingAnyMore()
    {
        var world = new GroupWorld(TransportMode.ReliableUnordered, Group);
        world.Send(Group);
        int shared = world.State.PacketsInRuns;
        world.Sender.Reset(ReasonCode.Aborted);
        world.Lose([.. Enumerable.Range(0, 2 * Group)]);
        ulong timeouts = world.State.Connections[0].Path.ProbeTimeouts;
        for (int i = 0; i < 1000 && world.State.Connections[0].Path.ProbeTimeouts == timeouts; i++)
        {
            world.Pair.Drain();
            world.Lose([.. Enumerable.Range(0, 2 * Group)]);
            world.Pair.Advance(Instant.Millisecond);
        }

        Assert.That(world.State.Connections[0].Path.ProbeTimeouts, Is.GreaterThan(timeouts));
        Assert.That(shared, Is.GreaterThan(0));
        Assert.That(world.State.PacketsInRuns, Is.EqualTo(shared));
        world.Finish();
    }

    [Test]
    public void Reset_WithPacketsThatShareASegmentUnderWay_GivesTheirReservesBack([Values] bool isLost)
    {
        var world = new GroupWorld(TransportMode.ReliableUnordered, Group);
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
}
