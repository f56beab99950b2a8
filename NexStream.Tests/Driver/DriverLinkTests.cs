using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;

namespace NexStream.Tests.Driver;

/// <summary>Links that come, go, stop, and bring what no endpoint sent.</summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class DriverLinkTests(LinkPreference preference) : TwoDrivers(preference)
{
    [Test]
    public void Poll_OnePeerStops_TheOtherLinkGoesOn()
    {
        DriverNode c = AddNode();
        DriverNode.Join(A, c, RingCapacity);
        (StreamHandle stuck, StreamHandle reader) = OpenStream(A, B);
        Transfer(stuck, reader, 1_000_000);
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, c);
        stuck.Send(new byte[200_000]);
        Nodes.Remove(B);
        Transfer(sender, receiver, 500_000);
        Nodes.Add(B);
        Assert.That(A.Driver.Statistics.FramesDroppedByStall, Is.GreaterThan(0), "the peer that stopped must have been in the way");
    }

    [Test]
    public void Poll_PeerCloses_TellsSoAndTakesItsHoldsBack()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);
        Transfer(sender, receiver, 1_000_000);
        sender.Send(new byte[300_000]);
        for (long full = A.Driver.Statistics.FullRings; A.Driver.Statistics.FullRings == full; A.Poll(Now))
        {
            // Until packets are in the ring, before it, and one in the driver's hands.
            Now += TurnNs;
        }

        B.Driver.Dispose();
        Nodes.Remove(B);
        Turn(5);
        Assert.That(A.Driver.TryGetLinkLost(out LinkLost lost), Is.True);
        Assert.That(lost.Remote, Is.EqualTo(B.Node));
        Assert.That(A.Driver.TryGetLinkLost(out _), Is.False);
        Assert.That(A.Driver.LinkCount, Is.Zero);
        Assert.That(A.Driver.Statistics.LinksLost, Is.EqualTo(1));
        A.Events.Find(item => item.Kind == EventKind.ConnectionEstablished).Connection.Abort(Now);
        Turn(5);
        Assert.That(A.IsWholeArenaFree, Is.True, "a dead peer's holds must come back");
        Assert.That(A.Driver.Statistics.FramesUnroutable, Is.GreaterThan(0));
        B.Memory.Dispose();
    }

    [Test]
    public void Poll_PeerClosesBeforeItsDataWasRead_DataStaysReadable()
    {
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, B);
        byte[] data = new byte[20_000];
        new Random(1).NextBytes(data);
        sender.Send(data);
        Turn(50);
        A.Dispose();
        Nodes.Remove(A);
        Turn(5);
        Assert.That(B.Driver.TryGetLinkLost(out _), Is.True);
        Assert.That(B.Driver.LinkCount, Is.EqualTo(1), "the peer's frames must stay mapped while they are read");
        Assert.That(receiver.Receive(Buffer).Bytes, Is.EqualTo(data.Length));
        Assert.That(Buffer.AsSpan(0, data.Length).SequenceEqual(data), Is.True);
        Turn(1);
        Assert.That(B.Driver.LinkCount, Is.Zero);
    }

    [Test]
    public void AttachLink_PeerComesBack_NewLinkTakesOver()
    {
        OpenStream(A, B);
        B.Dispose();
        Nodes.Remove(B);
        DriverNode again = AddNode(2);
        DriverNode.Join(A, again, RingCapacity);
        Turn(5);
        Assert.That(A.Driver.TryGetLinkLost(out _), Is.True);
        A.Events.Clear();
        (StreamHandle sender, StreamHandle receiver) = OpenStream(A, again);
        Transfer(sender, receiver, 100_000);
    }

    [Test]
    public void Poll_HeaderOfAnotherVersion_DropsAndGivesTheFrameBack()
    {
        using LinkArena strange = Library.CreateArena(64, 4);
        (Link ofA, Link ofStranger) = Library.CreateLoop(A.Memory, strange, 8);
        using Link stranger = ofStranger;
        A.Driver.AttachLink(ofA, new NodeId(9, 9));
        LinkDescriptor descriptor = LoopFixture.Descriptor(0, 3);
        descriptor.Header[0] = 0xF0;
        stranger.Send([descriptor]);
        Turn(1);
        Assert.That(A.Driver.Statistics.FramesMalformed, Is.EqualTo(1));
        LinkRelease[] returned = new LinkRelease[2];
        Assert.That(stranger.Reclaim(returned), Is.EqualTo(1));
        Assert.That(returned[0], Is.EqualTo(new LinkRelease(3, 1)));
    }

    [Test]
    public void Poll_RandomBytesFromThePeer_GiveEveryFrameBack()
    {
        const uint Frames = 64;
        using LinkArena strange = Library.CreateArena(64, (int)Frames);
        (Link ofA, Link ofStranger) = Library.CreateLoop(A.Memory, strange, 8);
        using Link stranger = ofStranger;
        A.Driver.AttachLink(ofA, new NodeId(9, 9));
        Random random = new(7);
        LinkRelease[] returned = new LinkRelease[8];
        long held = 0;
        for (int i = 0; i < 5_000; i++)
        {
            LinkDescriptor descriptor = default;
            random.NextBytes(descriptor.Header);
            random.NextBytes(descriptor.Head);
            descriptor.Header[0] = 0x10;
            A.Node.Write(descriptor.Header[32..]);
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
    public void AttachLink_OverOtherFrames_Throws()
    {
        using LinkArena other = Library.CreateArena(DriverNode.FrameSize, DriverNode.FrameCount);
        (Link wrong, Link far) = Library.CreateLoop(other, B.Memory, 8);
        using (wrong)
        using (far)
        {
            Assert.That(() => A.Driver.AttachLink(wrong, B.Node), Throws.ArgumentException);
        }
    }

    [Test]
    public void AttachLink_MoreThanLinksMax_Throws()
    {
        DriverNode one = AddNode(options: new DriverOptions { LinksMax = 1 });
        DriverNode.Join(one, B, 8);
        Assert.That(() => DriverNode.Join(one, A, 8), Throws.InvalidOperationException);
    }
}
