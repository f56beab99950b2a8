using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;

namespace NexStream.Tests.Driver;

/// <summary>Endpoints over real links, in virtual time.</summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class DriverTests(LinkPreference preference)
{
    private const int RingCapacity = 16;
    private const int TurnNs = 10_000;

    /// <summary>More than fit into the frame that a connection may keep for small payloads.</summary>
    private const int Messages = 20;

    private readonly List<DriverNode> _nodes = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private LinkLibrary _library = null!;
    private DriverNode _a = null!;
    private DriverNode _b = null!;
    private Instant _now;

    [SetUp]
    public void JoinTwoNodes()
    {
        _library = LoopFixture.Load(preference);
        _now = new Instant(Instant.Second);
        _a = AddNode();
        _b = AddNode();
        DriverNode.Join(_a, _b, RingCapacity);
    }

    [TearDown]
    public void DisposeNodes()
    {
        _nodes.ForEach(node => node.Dispose());
        _nodes.Clear();
        _a?.Dispose();
        _b?.Dispose();
    }

    [Test]
    public void Poll_TransferThroughASmallRing_DeliversEverythingWithoutLoss()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);
        Transfer(sender, receiver, 2_000_000);
        Assert.That(_a.Driver.Statistics.FullRings, Is.GreaterThan(0), "the ring is too large for this test");
        Assert.That(_a.Driver.Statistics.FramesDroppedByStall, Is.Zero);
        Assert.That(_b.Driver.Statistics.FramesReceived, Is.EqualTo(_a.Driver.Statistics.FramesSent));
        Assert.That(sender.Statistics.PacketsLost, Is.Zero);
    }

    [Test]
    public void Poll_AfterATransfer_EveryHoldHasComeBack()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);
        Transfer(sender, receiver, 500_000);
        TurnUntil(() => _a.IsArenaIdle && _b.IsArenaIdle);
        Assert.That(_a.Driver.Statistics.HoldsReclaimed, Is.GreaterThan(0));
        Assert.That(_b.Driver.Statistics.HoldsReleased, Is.EqualTo(_a.Driver.Statistics.HoldsReclaimed));
    }

    [Test]
    public void Poll_NothingToDo_SaysSo()
    {
        OpenStream(_a, _b);
        TurnUntil(() => _a.IsArenaIdle && _b.IsArenaIdle);
        Turn(500);
        Assert.That(_a.Poll(_now), Is.False);
        Assert.That(_b.Poll(_now), Is.False);
    }

    [Test]
    public void Poll_PeerStopsAndGoesOn_DropsMeanwhileAndDeliversEverything()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);

        // The congestion window must outgrow the ring first.
        Transfer(sender, receiver, 1_000_000);
        Assert.That(sender.Send(new byte[200_000]).Bytes, Is.EqualTo(200_000));
        for (int i = 0; i < 10_000; i++)
        {
            _now += TurnNs;
            _a.Poll(_now);
        }

        Assert.That(_a.Driver.Statistics.FramesDroppedByStall, Is.GreaterThan(0));
        int received = 0;
        TurnUntil(() => (received += receiver.Receive(_buffer).Bytes) == 200_000);
        TurnUntil(() => _a.IsArenaIdle && _b.IsArenaIdle);
    }

    [Test]
    public void Poll_OnePeerStops_TheOtherLinkGoesOn()
    {
        DriverNode c = AddNode();
        DriverNode.Join(_a, c, RingCapacity);
        (StreamHandle stuck, StreamHandle reader) = OpenStream(_a, _b);
        Transfer(stuck, reader, 1_000_000);
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, c);
        stuck.Send(new byte[200_000]);
        _nodes.Remove(_b);
        Transfer(sender, receiver, 500_000);
        _nodes.Add(_b);
        Assert.That(_a.Driver.Statistics.FramesDroppedByStall, Is.GreaterThan(0), "the peer that stopped must have been in the way");
    }

    [Test]
    public void Poll_PeerCloses_TellsSoAndTakesItsHoldsBack()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);
        Transfer(sender, receiver, 1_000_000);
        sender.Send(new byte[300_000]);
        for (long full = _a.Driver.Statistics.FullRings; _a.Driver.Statistics.FullRings == full; _a.Poll(_now))
        {
            // Until packets are in the ring, before it, and one in the driver's hands.
            _now += TurnNs;
        }

        _b.Driver.Dispose();
        _nodes.Remove(_b);
        Turn(5);
        Assert.That(_a.Driver.TryGetLinkLost(out LinkLost lost), Is.True);
        Assert.That(lost.Remote, Is.EqualTo(_b.Node));
        Assert.That(_a.Driver.TryGetLinkLost(out _), Is.False);
        Assert.That(_a.Driver.LinkCount, Is.Zero);
        Assert.That(_a.Driver.Statistics.LinksLost, Is.EqualTo(1));
        _a.Events.Find(item => item.Kind == EventKind.ConnectionEstablished).Connection.Abort(_now);
        Turn(5);
        Assert.That(_a.IsWholeArenaFree, Is.True, "a dead peer's holds must come back");
        Assert.That(_a.Driver.Statistics.FramesUnroutable, Is.GreaterThan(0));
        _b.Memory.Dispose();
    }

    [Test]
    public void Poll_PeerClosesBeforeItsDataWasRead_DataStaysReadable()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);
        byte[] data = new byte[20_000];
        new Random(1).NextBytes(data);
        sender.Send(data);
        Turn(50);
        _a.Dispose();
        _nodes.Remove(_a);
        Turn(5);
        Assert.That(_b.Driver.TryGetLinkLost(out _), Is.True);
        Assert.That(_b.Driver.LinkCount, Is.EqualTo(1), "the peer's frames must stay mapped while they are read");
        Assert.That(receiver.Receive(_buffer).Bytes, Is.EqualTo(data.Length));
        Assert.That(_buffer.AsSpan(0, data.Length).SequenceEqual(data), Is.True);
        Turn(1);
        Assert.That(_b.Driver.LinkCount, Is.Zero);
    }

    [Test]
    public void AttachLink_PeerComesBack_NewLinkTakesOver()
    {
        OpenStream(_a, _b);
        _b.Dispose();
        _nodes.Remove(_b);
        DriverNode again = AddNode(2);
        DriverNode.Join(_a, again, RingCapacity);
        Turn(5);
        Assert.That(_a.Driver.TryGetLinkLost(out _), Is.True);
        _a.Events.Clear();
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, again);
        Transfer(sender, receiver, 100_000);
    }

    [Test]
    public void Poll_HeaderOfAnotherVersion_DropsAndGivesTheFrameBack()
    {
        using LinkArena strange = _library.CreateArena(64, 4);
        (Link ofA, Link ofStranger) = _library.CreateLoop(_a.Memory, strange, 8);
        using Link stranger = ofStranger;
        _a.Driver.AttachLink(ofA, new NodeId(9, 9));
        LinkDescriptor descriptor = LoopFixture.Descriptor(0, 3);
        descriptor.Header[0] = 0xF0;
        stranger.Send([descriptor]);
        Turn(1);
        Assert.That(_a.Driver.Statistics.FramesMalformed, Is.EqualTo(1));
        LinkRelease[] returned = new LinkRelease[2];
        Assert.That(stranger.Reclaim(returned), Is.EqualTo(1));
        Assert.That(returned[0], Is.EqualTo(new LinkRelease(3, 1)));
    }

    [Test]
    public void Poll_RandomBytesFromThePeer_GiveEveryFrameBack()
    {
        const uint Frames = 64;
        using LinkArena strange = _library.CreateArena(64, (int)Frames);
        (Link ofA, Link ofStranger) = _library.CreateLoop(_a.Memory, strange, 8);
        using Link stranger = ofStranger;
        _a.Driver.AttachLink(ofA, new NodeId(9, 9));
        Random random = new(7);
        LinkRelease[] returned = new LinkRelease[8];
        long held = 0;
        for (int i = 0; i < 5_000; i++)
        {
            LinkDescriptor descriptor = default;
            random.NextBytes(descriptor.Header);
            random.NextBytes(descriptor.Head);
            descriptor.Header[0] = 0x10;
            _a.Node.Write(descriptor.Header[32..]);
            descriptor.HeadLength = (ushort)random.Next(385);
            descriptor.SliceCount = (ushort)random.Next(5);
            int length = descriptor.HeadLength;
            for (int s = 0; s < descriptor.SliceCount; s++)
            {
                uint offset = (uint)random.Next(65);
                descriptor.Slices[s] = new LinkSlice((uint)random.Next((int)Frames), offset, (uint)random.Next(65 - (int)offset));
                length += (int)descriptor.Slices[s].Length;
            }

            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(descriptor.Header[4..], (uint)length);
            held += stranger.Send([descriptor]) * descriptor.SliceCount;
            Turn(1);
            for (int count = stranger.Reclaim(returned); count > 0; count = stranger.Reclaim(returned))
            {
                held -= returned.AsSpan(0, count).ToArray().Sum(release => release.Holds);
            }
        }

        Assert.That(held, Is.Zero);
    }

    [Test]
    public void NextDeadline_SleepingUntilIt_ReachesTheTimeoutInFewTurns()
    {
        // Whole seconds would be whole ticks.
        _now += 333;
        _a.Endpoint.Connect(new NodeId(8, 8), _now, out _);
        int turns = 0;
        while (!_a.Has(EventKind.ConnectionClosed))
        {
            Assert.That(++turns, Is.LessThan(40), "a turn at the deadline must get on");
            if (!_a.Poll(_now))
            {
                _now = _a.Driver.NextDeadline;
            }
        }

        // CONN_INIT after 0, 1 and 3 seconds; given up after 5.
        Assert.That(_now - new Instant(Instant.Second + 333), Is.InRange(5 * Instant.Second, (5 * Instant.Second) + Instant.Millisecond));
        Assert.That(_a.Driver.Statistics.FramesUnroutable, Is.EqualTo(3));
    }

    // Asked between two turns: what the last one sent is known by then.
    [Test]
    public void NextDeadline_BehindATransmission_IsThatOfItsTimer()
    {
        _a.Endpoint.Connect(new NodeId(8, 8), _now, out _);
        _a.Driver.Poll(_now);
        Assert.That(_a.Driver.NextDeadline - _now, Is.InRange(Instant.Second, Instant.Second + Instant.Millisecond), "CONN_INIT is repeated after a second");
    }

    [Test]
    public void Transmit_BehindTheApplication_CarriesTheAnswerInTheTurnOfItsQuestion()
    {
        (StreamHandle asking, StreamHandle answering) = OpenStream(_a, _b);
        TurnUntil(() => _a.IsArenaIdle && _b.IsArenaIdle);
        asking.Send([1]);
        Assert.That(_a.Driver.Transmit(_now), Is.True);
        _b.Driver.Poll(_now);
        Assert.That(answering.Receive(_buffer).Bytes, Is.EqualTo(1));
        answering.Send([2]);
        Assert.That(_b.Driver.Transmit(_now), Is.True);
        Assert.That(_b.Driver.Transmit(_now), Is.False, "nothing more was brought forth");
        _a.Driver.Poll(_now);
        Assert.That(asking.Receive(_buffer).Bytes, Is.EqualTo(1));
        Assert.That(_buffer[0], Is.EqualTo(2));
    }

    // What a descriptor carries needs no frame of the sender's to be held by the receiver.
    [TestCase(1, false)]
    [TestCase(256, false)]
    [TestCase(257, true)]
    public void Transmit_OfAFewBytes_HoldsNoFrame(int length, bool isHeld)
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);
        TurnUntil(() => _a.IsArenaIdle && _b.IsArenaIdle);
        long before = _b.Driver.Statistics.HoldsReleased;
        byte[] data = new byte[length];
        for (int i = 0; i < Messages; i++)
        {
            new Random(i).NextBytes(data);
            sender.Send(data);
            TurnUntil(() => receiver.Receive(_buffer).Bytes == length);
            Assert.That(_buffer.AsSpan(0, length).SequenceEqual(data), Is.True);
        }

        TurnUntil(() => _a.IsArenaIdle && _b.IsArenaIdle);
        Assert.That(_b.Driver.Statistics.HoldsReleased - before, isHeld ? Is.AtLeast(Messages) : Is.Zero);
        Assert.That(_a.Driver.Statistics.HoldsReclaimed, Is.EqualTo(_b.Driver.Statistics.HoldsReleased));
    }

    // A descriptor has room for 384 bytes: what ends many streams leaves too little of it for 256 of data.
    [Test]
    public void Transmit_OfAFewBytesBehindALongHead_HoldsTheirFrame()
    {
        const int Length = 256;
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);
        ConnectionHandle connection = _a.Events.Find(item => item.Kind == EventKind.ConnectionEstablished).Connection;
        StreamHandle[] ending = new StreamHandle[16];
        for (int i = 0; i < ending.Length; i++)
        {
            Assert.That(connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out ending[i]), Is.EqualTo(CallStatus.Ok));
            ending[i].Send([1]);
        }

        TurnUntil(() => _b.Events.Count(item => item.Kind == EventKind.StreamOpened) == 1 + ending.Length);
        Turn(10_000);
        long before = _b.Driver.Statistics.HoldsReleased;
        Array.ForEach(ending, stream => stream.Reset(ReasonCode.None));
        sender.Send(new byte[Length]);
        TurnUntil(() => receiver.Receive(_buffer).Bytes == Length);
        TurnUntil(() => _a.Driver.Statistics.HoldsReclaimed == _b.Driver.Statistics.HoldsReleased);
        Assert.That(_b.Driver.Statistics.HoldsReleased - before, Is.EqualTo(1));
    }

    [Test]
    public void Poll_AfterWarmUp_AllocatesNothing()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(_a, _b);
        byte[] data = new byte[5_000];
        long Run()
        {
            long received = 0;
            for (int i = 0; i < 2_000; i++)
            {
                sender.Send(data);
                _now += TurnNs;
                _a.Driver.Poll(_now);
                _b.Driver.Poll(_now);
                while (_b.Endpoint.TryGetEvent(out _))
                {
                }

                received += receiver.Receive(_buffer).Bytes;
                while (_a.Endpoint.TryGetEvent(out _))
                {
                }
            }

            return received;
        }

        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        long count = Run();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(count, Is.GreaterThan(1_000_000));
        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void AttachLink_OverOtherFrames_Throws()
    {
        using LinkArena other = _library.CreateArena(DriverNode.FrameSize, DriverNode.FrameCount);
        (Link wrong, Link far) = _library.CreateLoop(other, _b.Memory, 8);
        using (wrong)
        using (far)
        {
            Assert.That(() => _a.Driver.AttachLink(wrong, _b.Node), Throws.ArgumentException);
        }
    }

    [Test]
    public void AttachLink_MoreThanLinksMax_Throws()
    {
        DriverNode one = AddNode(options: new DriverOptions { LinksMax = 1 });
        DriverNode.Join(one, _b, 8);
        Assert.That(() => DriverNode.Join(one, _a, 8), Throws.InvalidOperationException);
    }

    private DriverNode AddNode(ulong number = 0, DriverOptions? options = null)
    {
        DriverNode node = new(_library, number == 0 ? (ulong)_nodes.Count + 1 : number, options);
        _nodes.Add(node);
        return node;
    }

    private void Turn(int turns)
    {
        for (int i = 0; i < turns; i++)
        {
            _now += TurnNs;
            foreach (DriverNode node in _nodes)
            {
                node.Poll(_now);
            }
        }
    }

    private void TurnUntil(Func<bool> condition)
    {
        for (int i = 0; i < 1_000_000; i++)
        {
            if (condition())
            {
                return;
            }

            Turn(1);
        }

        Assert.Fail("The condition did not come true in ten seconds of virtual time.");
    }

    private (StreamHandle Sender, StreamHandle Receiver) OpenStream(DriverNode from, DriverNode to)
    {
        Assert.That(from.Endpoint.Connect(to.Node, _now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        TurnUntil(() => connection.IsOpen);
        Assert.That(connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle sender), Is.EqualTo(CallStatus.Ok));
        sender.Send([42]);
        TurnUntil(() => to.Has(EventKind.StreamOpened));
        StreamHandle receiver = to.Events.FindLast(item => item.Kind == EventKind.StreamOpened).Stream;
        TurnUntil(() => receiver.Receive(_buffer).Bytes == 1);
        return (sender, receiver);
    }

    private void Transfer(StreamHandle sender, StreamHandle receiver, int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        int sent = 0;
        int received = 0;
        for (int i = 0; i < 1_000_000 && received < length; i++)
        {
            sent += sender.Send(data.AsSpan(sent, Math.Min(50_000, length - sent))).Bytes;
            Turn(1);
            int count = receiver.Receive(_buffer).Bytes;
            Assert.That(_buffer.AsSpan(0, count).SequenceEqual(data.AsSpan(received, count)), Is.True);
            received += count;
        }

        Assert.That(received, Is.EqualTo(length));
    }
}
