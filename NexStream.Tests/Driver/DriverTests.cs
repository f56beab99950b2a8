using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;

namespace NexStream.Tests.Driver;

/// <summary>Endpoints over real links, in virtual time.</summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class DriverTests(LinkPreference preference) : TwoDrivers(preference)
{
    /// <summary>More than fit into the frame that a connection may keep for small payloads.</summary>
    private const int Messages = 20;

    [Test]
    public void Poll_TransferThroughASmallRing_DeliversEverythingWithoutLoss()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);
        Transfer(sender, receiver, 2_000_000);
        Assert.That(A.Driver.Statistics.FullRings, Is.GreaterThan(0), "the ring is too large for this test");
        Assert.That(A.Driver.Statistics.FramesDroppedByStall, Is.Zero);
        Assert.That(B.Driver.Statistics.FramesReceived, Is.EqualTo(A.Driver.Statistics.FramesSent));
        Assert.That(sender.Statistics.PacketsLost, Is.Zero);
    }

    [Test]
    public void Poll_AfterATransfer_EveryHoldHasComeBack()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);
        Transfer(sender, receiver, 500_000);
        TurnUntil(() => A.IsArenaIdle && B.IsArenaIdle);
        Assert.That(A.Driver.Statistics.HoldsReclaimed, Is.GreaterThan(0));
        Assert.That(B.Driver.Statistics.HoldsReleased, Is.EqualTo(A.Driver.Statistics.HoldsReclaimed));
    }

    [Test]
    public void Poll_NothingToDo_SaysSo()
    {
        OpenStream(A, B);
        TurnUntil(() => A.IsArenaIdle && B.IsArenaIdle);
        Turn(500);
        Assert.That(A.Poll(Now), Is.False);
        Assert.That(B.Poll(Now), Is.False);
    }

    [Test]
    public void Poll_PeerStopsAndGoesOn_DropsMeanwhileAndDeliversEverything()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);

        // The congestion window must outgrow the ring first.
        Transfer(sender, receiver, 1_000_000);
        Assert.That(sender.Send(new byte[200_000]).Bytes, Is.EqualTo(200_000));
        for (int i = 0; i < 10_000; i++)
        {
            Now += TurnNs;
            A.Poll(Now);
        }

        Assert.That(A.Driver.Statistics.FramesDroppedByStall, Is.GreaterThan(0));
        int received = 0;
        TurnUntil(() => (received += receiver.Receive(Buffer).Bytes) == 200_000);
        TurnUntil(() => A.IsArenaIdle && B.IsArenaIdle);
    }

    [Test]
    public void NextDeadline_SleepingUntilIt_ReachesTheTimeoutInFewTurns()
    {
        // Whole seconds would be whole ticks.
        Now += 333;
        A.Endpoint.Connect(new NodeId(8, 8), Now, out _);
        int turns = 0;
        while (!A.Has(EventKind.ConnectionClosed))
        {
            Assert.That(++turns, Is.LessThan(40), "a turn at the deadline must get on");
            if (!A.Poll(Now))
            {
                Now = A.Driver.NextDeadline;
            }
        }

        // CONN_INIT after 0, 1 and 3 seconds; given up after 5.
        Assert.That(Now - new Instant(Instant.Second + 333), Is.InRange(5 * Instant.Second, (5 * Instant.Second) + Instant.Millisecond));
        Assert.That(A.Driver.Statistics.FramesUnroutable, Is.EqualTo(3));
    }

    // Asked between two turns: what the last one sent is known by then.
    [Test]
    public void NextDeadline_BehindATransmission_IsThatOfItsTimer()
    {
        A.Endpoint.Connect(new NodeId(8, 8), Now, out _);
        A.Driver.Poll(Now);
        Assert.That(A.Driver.NextDeadline - Now, Is.InRange(Instant.Second, Instant.Second + Instant.Millisecond), "CONN_INIT is repeated after a second");
    }

    [Test]
    public void Transmit_BehindTheApplication_CarriesTheAnswerInTheTurnOfItsQuestion()
    {
        (StreamHandle asking, StreamHandle answering) = OpenStream(A, B);
        TurnUntil(() => A.IsArenaIdle && B.IsArenaIdle);
        asking.Send([1]);
        Assert.That(A.Driver.Transmit(Now), Is.True);
        B.Driver.Poll(Now);
        Assert.That(answering.Receive(Buffer).Bytes, Is.EqualTo(1));
        answering.Send([2]);
        Assert.That(B.Driver.Transmit(Now), Is.True);
        Assert.That(B.Driver.Transmit(Now), Is.False, "nothing more was brought forth");
        A.Driver.Poll(Now);
        Assert.That(asking.Receive(Buffer).Bytes, Is.EqualTo(1));
        Assert.That(Buffer[0], Is.EqualTo(2));
    }

    // What a descriptor carries needs no frame of the sender's to be held by the receiver.
    [TestCase(1, false)]
    [TestCase(256, false)]
    [TestCase(257, true)]
    public void Transmit_OfAFewBytes_HoldsNoFrame(int length, bool isHeld)
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);
        TurnUntil(() => A.IsArenaIdle && B.IsArenaIdle);
        long before = B.Driver.Statistics.HoldsReleased;
        byte[] data = new byte[length];
        for (int i = 0; i < Messages; i++)
        {
            new Random(i).NextBytes(data);
            sender.Send(data);
            TurnUntil(() => receiver.Receive(Buffer).Bytes == length);
            Assert.That(Buffer.AsSpan(0, length).SequenceEqual(data), Is.True);
        }

        TurnUntil(() => A.IsArenaIdle && B.IsArenaIdle);
        Assert.That(B.Driver.Statistics.HoldsReleased - before, isHeld ? Is.AtLeast(Messages) : Is.Zero);
        Assert.That(A.Driver.Statistics.HoldsReclaimed, Is.EqualTo(B.Driver.Statistics.HoldsReleased));
    }

    // A descriptor has room for 384 bytes: what ends many streams leaves too little of it for 256 of data.
    [Test]
    public void Transmit_OfAFewBytesBehindALongHead_HoldsTheirFrame()
    {
        const int Length = 256;
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);
        ConnectionHandle connection = A.Events.Find(item => item.Kind == EventKind.ConnectionEstablished).Connection;
        StreamHandle[] ending = new StreamHandle[16];
        for (int i = 0; i < ending.Length; i++)
        {
            Assert.That(connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out ending[i]), Is.EqualTo(CallStatus.Ok));
            ending[i].Send([1]);
        }

        TurnUntil(() => B.Events.Count(item => item.Kind == EventKind.StreamOpened) == 1 + ending.Length);
        Turn(10_000);
        long before = B.Driver.Statistics.HoldsReleased;
        Array.ForEach(ending, stream => stream.Reset(ReasonCode.None));
        sender.Send(new byte[Length]);
        TurnUntil(() => receiver.Receive(Buffer).Bytes == Length);
        TurnUntil(() => A.Driver.Statistics.HoldsReclaimed == B.Driver.Statistics.HoldsReleased);
        Assert.That(B.Driver.Statistics.HoldsReleased - before, Is.EqualTo(1));
    }

    [Test]
    public void Poll_AfterWarmUp_AllocatesNothing()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);
        byte[] data = new byte[5_000];
        long Run()
        {
            long received = 0;
            for (int i = 0; i < 2_000; i++)
            {
                sender.Send(data);
                Now += TurnNs;
                A.Driver.Poll(Now);
                B.Driver.Poll(Now);
                while (B.Endpoint.TryGetEvent(out _))
                {
                }

                received += receiver.Receive(Buffer).Bytes;
                while (A.Endpoint.TryGetEvent(out _))
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
}
