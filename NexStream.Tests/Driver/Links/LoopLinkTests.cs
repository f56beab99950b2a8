using System.Runtime.InteropServices;
using NexStream.Driver.Links;
using NexStream.Tests.Support;

namespace NexStream.Tests.Driver.Links;

/// <summary>What a loop must do, whichever library fills the table.</summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class LoopLinkTests(LinkPreference preference)
{
    private LoopFixture _loop = null!;

    [SetUp]
    public void CreateLoop() => _loop = new LoopFixture(LoopFixture.Load(preference));

    [TearDown]
    public void DisposeLoop() => _loop?.Dispose();

    [Test]
    public void Send_OneDescriptor_ArrivesWithHeaderHeadAndSlices()
    {
        LinkDescriptor sent = LoopFixture.Descriptor(7, 3, 4);
        sent.HeadLength = 384;
        sent.Header[0] = 0x1F;
        sent.Header[47] = 0xEE;
        sent.Head[383] = 9;
        Assert.That(_loop.A.Send([sent]), Is.EqualTo(1));

        LinkDescriptor[] received = new LinkDescriptor[4];
        Assert.That(_loop.B.Receive(received), Is.EqualTo(1));
        Assert.That(received[0].Header.SequenceEqual(sent.Header), Is.True);
        Assert.That(received[0].Head.SequenceEqual(sent.Head), Is.True);
        Assert.That(received[0].SliceCount, Is.EqualTo(2));
        Assert.That(received[0].Slices[0], Is.EqualTo(new LinkSlice(3, 0, 10)));
        Assert.That(received[0].Slices[1], Is.EqualTo(new LinkSlice(4, 1, 10)));
        Assert.That(received[0].Epoch, Is.EqualTo(_loop.B.Epoch));
        Assert.That(_loop.B.Receive(received), Is.Zero);
    }

    [Test]
    public void PeerMemory_WrittenByTheOwner_IsReadInPlace()
    {
        Marshal.WriteByte(_loop.ArenaA.Memory, (3 * LoopFixture.FrameSize) + 5, 0xAB);
        Assert.That(Marshal.ReadByte(_loop.B.PeerMemory, (3 * LoopFixture.FrameSize) + 5), Is.EqualTo(0xAB));
        Assert.That((_loop.B.PeerFrameSize, _loop.B.PeerFrameCount), Is.EqualTo((LoopFixture.FrameSize, LoopFixture.FrameCount)));
        Assert.That(_loop.A.PeerFrameSize, Is.EqualTo(LoopFixture.FrameSize * 2));
        Assert.That(_loop.A.PeerProcessId, Is.Zero);
        Assert.That(_loop.A.Epoch, Is.Not.EqualTo(_loop.B.Epoch));
    }

    [Test]
    public void Send_RingFull_TakesWhatFitsAndLaterTheRest()
    {
        LinkDescriptor[] sent = new LinkDescriptor[10];
        for (int i = 0; i < sent.Length; i++)
        {
            sent[i] = LoopFixture.Descriptor((byte)i, (uint)i);
        }

        Assert.That(_loop.A.Send(sent), Is.EqualTo(8));
        Assert.That(_loop.A.Send(sent.AsSpan(8)), Is.Zero);

        LinkDescriptor[] received = new LinkDescriptor[16];
        Assert.That(_loop.B.Receive(received.AsSpan(0, 3)), Is.EqualTo(3));
        Assert.That(_loop.A.Send(sent.AsSpan(8)), Is.EqualTo(2));
        int count = 3;
        for (int more = 1; more > 0; count += more)
        {
            // A call may stop at what its end had last seen of the other.
            more = _loop.B.Receive(received.AsSpan(count));
        }

        Assert.That(count, Is.EqualTo(sent.Length));
        for (int i = 0; i < sent.Length; i++)
        {
            Assert.That(received[i].Head[0], Is.EqualTo(i));
        }
    }

    [Test]
    public void Release_SomeHolds_AreReclaimedOnceAndExactly()
    {
        Assert.That(_loop.A.Send([LoopFixture.Descriptor(0, 3, 3, 5), LoopFixture.Descriptor(1, 3)]), Is.EqualTo(2));
        LinkRelease[] reclaimed = new LinkRelease[8];
        Assert.That(_loop.A.Reclaim(reclaimed), Is.Zero, "what was not given back is still held");
        _loop.B.Receive(new LinkDescriptor[4]);
        Assert.That(_loop.B.Release([new LinkRelease(3, 2), new LinkRelease(5, 1)]), Is.EqualTo(2));
        Assert.That(Holds(_loop.A.Reclaim(reclaimed), reclaimed), Is.EquivalentTo(new Dictionary<uint, uint> { [3] = 2, [5] = 1 }));
        Assert.That(_loop.A.Reclaim(reclaimed), Is.Zero);
        _loop.B.Release([new LinkRelease(3, 1)]);
        Assert.That(Holds(_loop.A.Reclaim(reclaimed), reclaimed), Is.EquivalentTo(new Dictionary<uint, uint> { [3] = 1 }));
    }

    [Test]
    public void Release_HoldByHoldFarBeyondTheFrames_NeverFails()
    {
        LinkDescriptor[] received = new LinkDescriptor[8];
        const int Rounds = 200;
        for (int i = 0; i < Rounds; i++)
        {
            Assert.That(_loop.A.Send([LoopFixture.Descriptor(0, 1, 2, 3, 4)]), Is.EqualTo(1));
            Assert.That(_loop.B.Receive(received), Is.EqualTo(1));
            for (uint frame = 1; frame <= 4; frame++)
            {
                Assert.That(_loop.B.Release([new LinkRelease(frame, 1)]), Is.EqualTo(1));
            }
        }

        // What had no room in the ring follows with the releasing end's next calls.
        long holds = 0;
        for (int i = 0; i < Rounds * 4; i++)
        {
            holds += DrainHolds(_loop.A);
            _loop.B.Receive(received);
        }

        Assert.That(holds, Is.EqualTo(Rounds * 4));
    }

    [Test]
    public void Release_MoreThanWasReceived_IsRefusedWhole()
    {
        _loop.A.Send([LoopFixture.Descriptor(0, 3, 4)]);
        _loop.B.Receive(new LinkDescriptor[1]);
        Assert.That(() => _loop.B.Release([new LinkRelease(3, 1), new LinkRelease(4, 2)]), Throws.InstanceOf<LinkException>());
        Assert.That(_loop.A.Reclaim(new LinkRelease[4]), Is.Zero);
        Assert.That(_loop.B.Release([new LinkRelease(3, 1), new LinkRelease(4, 1)]), Is.EqualTo(2));
        Assert.That(DrainHolds(_loop.A), Is.EqualTo(2));
    }

    [TestCase(LoopFixture.FrameCount, 0, 1)]
    [TestCase(0, LoopFixture.FrameSize + 1, 0)]
    [TestCase(0, LoopFixture.FrameSize, 1)]
    [TestCase(0, 1, -1)]
    public void Send_SliceOutsideTheArena_Throws(int frame, int offset, int length)
    {
        LinkDescriptor descriptor = LoopFixture.Descriptor(0, 0);
        descriptor.Slices[0] = new LinkSlice((uint)frame, (uint)offset, unchecked((uint)length));
        Assert.That(() => _loop.A.Send([descriptor]), Throws.InstanceOf<LinkException>());
        Assert.That(_loop.B.Receive(new LinkDescriptor[1]), Is.Zero);
    }

    [TestCase((ushort)385, (ushort)0)]
    [TestCase((ushort)0, (ushort)5)]
    public void Send_CountsOutOfRange_Throws(ushort headLength, ushort sliceCount)
    {
        LinkDescriptor descriptor = default;
        descriptor.HeadLength = headLength;
        descriptor.SliceCount = sliceCount;
        Assert.That(() => _loop.A.Send([descriptor]), Throws.InstanceOf<LinkException>());
    }

    [Test]
    public void Dispose_PeerHoldsFrames_OwnerReclaimsEveryHold()
    {
        _loop.A.Send([LoopFixture.Descriptor(0, 1, 2, 2), LoopFixture.Descriptor(1, 39)]);
        _loop.B.Receive(new LinkDescriptor[1]);
        _loop.B.Release([new LinkRelease(2, 1)]);
        Assert.That(_loop.A.IsPeerAlive, Is.True);
        _loop.B.Dispose();
        Assert.That(_loop.A.IsPeerAlive, Is.False);
        Assert.That(_loop.A.Send([LoopFixture.Descriptor(2, 5)]), Is.EqualTo(Link.PeerGone));
        Assert.That(DrainHolds(_loop.A), Is.EqualTo(4));
        Assert.That(_loop.A.Reclaim(new LinkRelease[4]), Is.Zero);
    }

    [Test]
    public void Receive_PeerClosed_DeliversWhatWasSentAndThenSaysSo()
    {
        _loop.A.Send([LoopFixture.Descriptor(7, 3)]);
        Marshal.WriteByte(_loop.ArenaA.Memory, 3 * LoopFixture.FrameSize, 0xCD);
        _loop.A.Dispose();
        _loop.ArenaA.Dispose();
        LinkDescriptor[] received = new LinkDescriptor[2];
        Assert.That(_loop.B.Receive(received), Is.EqualTo(1));
        Assert.That(received[0].Head[0], Is.EqualTo(7));
        Assert.That(_loop.B.Receive(received), Is.EqualTo(Link.PeerGone));
        Assert.That(Marshal.ReadByte(_loop.B.PeerMemory, 3 * LoopFixture.FrameSize), Is.EqualTo(0xCD), "a peer's frames stay readable until the link is disposed");
        Assert.That(_loop.B.Release([new LinkRelease(3, 1)]), Is.EqualTo(1), "giving back to nobody is not an error");
    }

    [Test]
    public void Wait_SomethingThere_ReturnsAtOnce()
    {
        const long HourNs = 3_600L * 1_000_000_000;
        _loop.A.Send([LoopFixture.Descriptor(7, 3)]);
        Patience.Run(() => _loop.B.Wait(HourNs));
        _loop.B.Receive(new LinkDescriptor[1]);
        _loop.B.Release([new LinkRelease(3, 1)]);
        Patience.Run(() => _loop.A.Wait(HourNs));
        _loop.A.Dispose();
        Patience.Run(() => _loop.B.Wait(HourNs));
        Assert.That(_loop.B.Receive(new LinkDescriptor[1]), Is.EqualTo(Link.PeerGone));
    }

    [Test]
    public void Wait_PeerActsOnAnotherThread_WakesUp()
    {
        const int Rounds = 200;
        const long HourNs = 3_600L * 1_000_000_000;
        int echoed = 0;
        Task echo = Patience.Start(() =>
        {
            LinkDescriptor[] received = new LinkDescriptor[1];
            while (echoed < Rounds)
            {
                int count = _loop.B.Receive(received);
                if (count == Link.PeerGone)
                {
                    return;
                }

                if (count == 0)
                {
                    _loop.B.Wait(HourNs);
                    continue;
                }

                _loop.B.Release([new LinkRelease(received[0].Slices[0].Frame, 1)]);
                echoed++;
            }
        });
        Patience.Run(() =>
        {
            LinkRelease[] reclaimed = new LinkRelease[4];
            for (uint i = 0; i < Rounds; i++)
            {
                Assert.That(_loop.A.Send([LoopFixture.Descriptor(0, i % LoopFixture.FrameCount)]), Is.EqualTo(1));
                while (_loop.A.Reclaim(reclaimed) == 0)
                {
                    _loop.A.Wait(HourNs);
                }
            }
        });
        echo.Join();
        Assert.That(echoed, Is.EqualTo(Rounds));
    }

    [Test]
    public void SendReceiveReleaseReclaim_AfterConstruction_AllocateNothing()
    {
        LinkDescriptor[] sent = [LoopFixture.Descriptor(0, 1, 2), LoopFixture.Descriptor(1, 3)];
        LinkDescriptor[] received = new LinkDescriptor[4];
        LinkRelease[] releases = [new(1, 1), new(2, 1), new(3, 1)];
        LinkRelease[] reclaimed = new LinkRelease[4];
        int Run()
        {
            int moved = 0;
            for (int i = 0; i < 1_000; i++)
            {
                moved += _loop.A.Send(sent);
                moved += _loop.B.Receive(received);
                moved += _loop.B.Release(releases);
                moved += _loop.A.Reclaim(reclaimed);
            }

            return moved;
        }

        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = Run();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(count, Is.EqualTo(10_000));
        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void Send_AfterDispose_Throws()
    {
        _loop.A.Dispose();
        Assert.That(() => _loop.A.Send([]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => _loop.A.Wait(0), Throws.InstanceOf<ObjectDisposedException>());
    }

    private static Dictionary<uint, uint> Holds(int count, LinkRelease[] releases)
    {
        Dictionary<uint, uint> holds = [];
        foreach (LinkRelease release in releases.AsSpan(0, count))
        {
            holds[release.Frame] = holds.GetValueOrDefault(release.Frame) + release.Holds;
        }

        return holds;
    }

    private static long DrainHolds(Link link)
    {
        LinkRelease[] releases = new LinkRelease[3];
        long holds = 0;
        for (int count = link.Reclaim(releases); count > 0; count = link.Reclaim(releases))
        {
            foreach (LinkRelease release in releases.AsSpan(0, count))
            {
                holds += release.Holds;
            }
        }

        return holds;
    }
}
