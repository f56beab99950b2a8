using System.Net;
using System.Net.Sockets;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;
using NexStream.Tests.Support;

namespace NexStream.Tests.Driver.Udp;

/// <summary>What a udp link must do, whichever library fills the table. nexlink-native/tests has what only the native one can do.</summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class UdpLinkTests(LinkPreference preference)
{
    private LinkLibrary _library = null!;

    [SetUp]
    public void LoadLibrary() => _library = LoopFixture.Load(preference);

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void Send_ManyFrames_ArriveWholeAndInOrder(string address)
    {
        using UdpPair pair = new(_library, IPAddress.Parse(address));
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint, UdpPair.NodeB);
        Assert.That(toB, Is.EqualTo(UdpPair.NodeB));
        LinkDescriptor[] sent = new LinkDescriptor[40];
        for (int i = 0; i < sent.Length; i++)
        {
            sent[i] = UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, (byte)i, 100 + (i / 10 * 300), i);
        }

        Assert.That(pair.A.Link.Send(sent), Is.EqualTo(sent.Length));
        LinkDescriptor[] received = UdpPair.Receive(pair.B, sent.Length);
        for (int i = 0; i < sent.Length; i++)
        {
            byte[] packet = UdpPair.PacketOf(pair.B, ref received[i]);
            Assert.That(packet, Has.Length.EqualTo(101 + (i / 10 * 300)));
            Assert.That(packet, Is.All.EqualTo((byte)i));
            Assert.That(received[i].Epoch, Is.EqualTo(pair.B.Link.Epoch));
        }

        Assert.That((pair.A.Statistics.Sent, pair.B.Statistics.Received), Is.EqualTo((40, 40)));
        Assert.That(pair.A.Link.IsPeerAlive, Is.True);
    }

    [Test]
    public void Reclaim_AfterSend_HasEveryHoldAtOnce()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        LinkDescriptor frame = UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, 1, 100, frame: 3);
        LinkDescriptor nowhere = UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, new NodeId(9, 9), 1, 100, frame: 4);
        Assert.That(pair.A.Link.Send([frame, nowhere, frame]), Is.EqualTo(3));
        LinkRelease[] reclaimed = new LinkRelease[4];
        int count = pair.A.Link.Reclaim(reclaimed);
        Assert.That(reclaimed[..count], Is.EquivalentTo([new LinkRelease(3, 2), new LinkRelease(4, 1)]));
        Assert.That(pair.A.Statistics.Unroutable, Is.EqualTo(1));
    }

    [Test]
    public void Dial_WithoutANode_AnswersComeUnderTheDialledName()
    {
        using UdpPair pair = new(_library, IPAddress.IPv6Loopback);
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        Assert.That(pair.A.Dial(pair.B.LocalEndPoint), Is.EqualTo(toB), "the same again is the same");
        pair.A.Link.Send([UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, 1, 10)]);
        LinkDescriptor[] received = UdpPair.Receive(pair.B, 1);
        NodeId toA = UdpPair.SourceOf(ref received[0]);
        Assert.That(LinkHeader.TryRead(received[0].Header, out LinkHeader header) && header.Destination == default, Is.True);
        Assert.That(toA, Is.Not.EqualTo(UdpPair.NodeA), "who was not dialled has a name that nobody can choose");
        Assert.That(pair.B.TryLookup(toA, out IPEndPoint? address, out NodeId node), Is.True);
        Assert.That((address, node), Is.EqualTo((pair.A.LocalEndPoint, UdpPair.NodeA)));

        pair.B.Link.Send([UdpPair.Frame(pair.ArenaB, UdpPair.NodeB, toA, 2, 10)]);
        LinkDescriptor[] answer = UdpPair.Receive(pair.A, 1);
        Assert.That(UdpPair.SourceOf(ref answer[0]), Is.EqualTo(toB));
        Assert.That(pair.A.TryLookup(new NodeId(1, 2), out address, out _), Is.False);
        Assert.That(address, Is.Null);
    }

    [Test]
    public void Receive_KnownIdFromAnotherAddress_HasAnotherNameAndTheOldOneKeepsItsAddress()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        pair.A.Link.Send([UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, 1, 10)]);
        LinkDescriptor[] received = UdpPair.Receive(pair.B, 1);
        NodeId toA = UdpPair.SourceOf(ref received[0]);

        using Socket thief = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        thief.SendTo(Datagram(UdpPair.NodeA, 20), pair.B.LocalEndPoint);
        received = UdpPair.Receive(pair.B, 1);
        Assert.That(UdpPair.SourceOf(ref received[0]), Is.Not.EqualTo(toA));

        pair.B.Link.Send([UdpPair.Frame(pair.ArenaB, UdpPair.NodeB, toA, 2, 10)]);
        UdpPair.Receive(pair.A, 1);
        Assert.That(thief.Available, Is.Zero);
    }

    [Test]
    public void Receive_FloodOfStrangers_StaysBoundedAndKeepsWhoIsTalkedTo()
    {
        const int Bound = 16;
        using UdpPair pair = new(_library, IPAddress.Loopback, new UdpOptions { FrameSize = UdpPair.FrameSize, FrameCount = UdpPair.FrameCount, PeersMax = Bound });
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        NodeId toA = default;
        for (byte i = 0; i < 4; i++)
        {
            pair.A.Link.Send([UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, i, 10)]);
            toA = TakeOne(pair.B);
            pair.B.Link.Send([UdpPair.Frame(pair.ArenaB, UdpPair.NodeB, toA, i, 10)]);
            TakeOne(pair.A);
        }

        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        for (ulong i = 0; i < 10 * Bound; i++)
        {
            stranger.SendTo(Datagram(new NodeId(i, 7), 20), pair.B.LocalEndPoint);
            TakeOne(pair.B);
        }

        Assert.That(pair.B.Statistics.Peers, Is.LessThanOrEqualTo(Bound));
        Assert.That(pair.B.Statistics.PeersEvicted, Is.Positive);
        pair.B.Link.Send([UdpPair.Frame(pair.ArenaB, UdpPair.NodeB, toA, 9, 10)]);
        TakeOne(pair.A);
    }

    [Test]
    public void Receive_Malformed_IsDroppedAndCounted()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        byte[] otherVersion = Datagram(UdpPair.NodeA, 20);
        otherVersion[0] = 0x20;
        byte[] lie = Datagram(UdpPair.NodeA, 20);
        lie[7]++;
        byte[] wrongChecksum = Datagram(UdpPair.NodeA, 20);
        wrongChecksum[15] = 1;
        byte[][] bad = [[], new byte[1], Datagram(UdpPair.NodeA, 20)[..47], otherVersion, lie, wrongChecksum, Datagram(UdpPair.NodeA, UdpPair.FrameSize)];
        foreach (byte[] datagram in bad)
        {
            stranger.SendTo(datagram, pair.B.LocalEndPoint);
        }

        stranger.SendTo(Datagram(UdpPair.NodeA, 20), pair.B.LocalEndPoint);
        LinkDescriptor[] received = UdpPair.Receive(pair.B, 1);
        Assert.That(UdpPair.PacketOf(pair.B, ref received[0]), Has.Length.EqualTo(20));
        Assert.That(pair.B.Link.Receive(received), Is.Zero);
        Assert.That((pair.B.Statistics.Malformed, pair.B.Statistics.Oversize), Is.EqualTo((6, 1)));
    }

    [Test]
    public void Receive_RightChecksum_IsDelivered()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        byte[] datagram = [.. Datagram(UdpPair.NodeA, 9)[..LinkHeader.Size], .. "123456789"u8];

        // The check value of CRC-32C.
        ReadOnlySpan<byte> sum = [0xE3, 0x06, 0x92, 0x83];
        sum.CopyTo(datagram.AsSpan(12));
        stranger.SendTo(datagram, pair.B.LocalEndPoint);
        UdpPair.Receive(pair.B, 1);
    }

    [Test]
    public void Receive_AllFramesHeld_WaitsAndLosesNothing()
    {
        const int Frames = 16;
        using UdpPair pair = new(_library, IPAddress.Loopback, new UdpOptions { FrameSize = UdpPair.FrameSize, FrameCount = Frames, UseCoalescing = false });
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        for (byte i = 0; i < 2 * Frames; i++)
        {
            pair.A.Link.Send([UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, i, 10)]);
        }

        LinkDescriptor[] first = UdpPair.Receive(pair.B, Frames);
        Assert.That(pair.B.Link.Receive(new LinkDescriptor[1]), Is.Zero);
        Assert.That(pair.B.Link.Release([.. first.Select(frame => new LinkRelease(frame.Slices[0].Frame, 1))]), Is.EqualTo(Frames));
        LinkDescriptor[] second = UdpPair.Receive(pair.B, Frames);
        Assert.That(UdpPair.PacketOf(pair.B, ref second[^1])[0], Is.EqualTo((2 * Frames) - 1));
    }

    [Test]
    public void Release_Twice_IsRefusedWhole()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        pair.A.Link.Send([UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, 1, 10)]);
        LinkDescriptor[] received = UdpPair.Receive(pair.B, 1);
        LinkRelease once = new(received[0].Slices[0].Frame, 1);
        Assert.That(() => pair.B.Link.Release([once, once]), Throws.InstanceOf<LinkException>());
        Assert.That(() => pair.B.Link.Release([new LinkRelease(UdpPair.FrameCount, 1)]), Throws.InstanceOf<LinkException>());
        Assert.That(pair.B.Link.Release([once]), Is.EqualTo(1));
        Assert.That(() => pair.B.Link.Release([once]), Throws.InstanceOf<LinkException>());
    }

    [Test]
    public void Send_SliceOutsideTheArena_Throws()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        LinkDescriptor frame = UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, UdpPair.NodeB, 1, 10);
        frame.Slices[0] = new LinkSlice(UdpPair.FrameCount, 0, 1);
        Assert.That(() => pair.A.Link.Send([frame]), Throws.InstanceOf<LinkException>());
    }

    [Test]
    public void Wait_SomethingThere_ReturnsAtOnce()
    {
        const long HourNs = 3_600L * Instant.Second;
        using UdpPair pair = new(_library, IPAddress.Loopback);
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        pair.A.Link.Send([UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, 1, 10)]);
        Patience.Run(() => pair.A.Link.Wait(HourNs));
        Patience.Run(() => pair.B.Link.Wait(HourNs));
        Assert.That(pair.B.Link.Receive(new LinkDescriptor[1]), Is.EqualTo(1));
    }

    /// <summary>Nothing comes: without a wake it would last for an hour.</summary>
    [Test]
    public void Wake_BeforeAWaitOrFromAnotherThread_EndsIt()
    {
        const long HourNs = 3_600L * Instant.Second;
        using UdpPair pair = new(_library, IPAddress.Loopback);
        using ManualResetEventSlim ended = new();
        pair.A.Link.Wake();
        Task waiter = Patience.Start(() =>
        {
            pair.A.Link.Wait(HourNs);
            ended.Set();
            pair.A.Link.Wait(HourNs);
        });
        ended.Await();
        Thread.SpinWait(1_000_000);
        pair.A.Link.Wake();
        waiter.Join();
    }

    [Test]
    public void OpenUdp_PortTaken_SaysSo()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        Assert.That(
            () => _library.OpenUdp(pair.ArenaA, new UdpOptions { Local = pair.A.LocalEndPoint }),
            Throws.InstanceOf<LinkException>().With.Message.Contains($"udp:{pair.A.LocalEndPoint}").And.Message.Contains("Choose another port"));
    }

    [Test]
    public void OpenUdp_AddressOfAnotherMachine_SaysSo()
    {
        using LinkArena arena = _library.CreateArena(64, 1);

        // For documents, RFC 5737.
        UdpOptions options = new() { Local = new IPEndPoint(IPAddress.Parse("203.0.113.1"), 0) };
        Assert.That(() => _library.OpenUdp(arena, options), Throws.InstanceOf<LinkException>().With.Message.Contains("this machine"));
    }

    [TestCase(100, 16, 8)]
    [TestCase(2000, 16, 8)]
    [TestCase(2048, 15, 8)]
    [TestCase(2048, 16, 7)]
    [TestCase(2048, -1, 8)]
    public void OpenUdp_BoundOutOfRange_Throws(int frameSize, int frameCount, int peersMax)
    {
        using LinkArena arena = _library.CreateArena(64, 1);
        UdpOptions options = new() { FrameSize = frameSize, FrameCount = frameCount, PeersMax = peersMax };
        Assert.That(() => _library.OpenUdp(arena, options), Throws.InstanceOf<LinkException>());
    }

    [Test]
    public void Dial_AddressOfTheOtherFamily_SaysSo()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        Assert.That(() => pair.A.Dial(new IPEndPoint(IPAddress.IPv6Loopback, 1)), Throws.InstanceOf<LinkException>().With.Message.Contains("IPv4"));
        Assert.That(() => pair.A.Dial(new IPEndPoint(IPAddress.Loopback, 0)), Throws.InstanceOf<LinkException>().With.Message.Contains("port"));
    }

    [Test]
    public void Dial_MoreThanHalfOfTheTable_Throws()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback, new UdpOptions { FrameSize = UdpPair.FrameSize, FrameCount = UdpPair.FrameCount, PeersMax = 8 });
        for (int port = 1; port <= 4; port++)
        {
            pair.B.Dial(new IPEndPoint(IPAddress.Loopback, port));
        }

        Assert.That(() => pair.B.Dial(new IPEndPoint(IPAddress.Loopback, 5)), Throws.InstanceOf<LinkException>().With.Message.Contains("PeersMax"));
    }

    [Test]
    public void SendReceiveReleaseReclaim_BetweenAcquaintances_AllocateNothing()
    {
        using UdpPair pair = new(_library, IPAddress.Loopback);
        NodeId toB = pair.A.Dial(pair.B.LocalEndPoint);
        LinkDescriptor[] sent = [UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, 1, 500), UdpPair.Frame(pair.ArenaA, UdpPair.NodeA, toB, 2, 500, frame: 1)];
        LinkDescriptor[] received = new LinkDescriptor[4];
        LinkRelease[] releases = new LinkRelease[4];
        int Run()
        {
            int moved = 0;
            for (int i = 0; i < 1_000; i++)
            {
                pair.A.Link.Send(sent);
                pair.A.Link.Reclaim(releases);
                pair.B.Link.Wait(Instant.Second);
                int count = pair.B.Link.Receive(received);
                for (int k = 0; k < count; k++)
                {
                    releases[k] = new LinkRelease(received[k].Slices[0].Frame, 1);
                }

                moved += pair.B.Link.Release(releases.AsSpan(0, count));
            }

            return moved;
        }

        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        int moved = Run();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That(moved, Is.GreaterThan(1_000));
        Assert.That(allocated, Is.Zero);
    }

    private static NodeId TakeOne(UdpLink link)
    {
        LinkDescriptor[] received = UdpPair.Receive(link, 1);
        link.Link.Release([new LinkRelease(received[0].Slices[0].Frame, 1)]);
        return UdpPair.SourceOf(ref received[0]);
    }

    private static byte[] Datagram(NodeId source, int length)
    {
        byte[] bytes = new byte[LinkHeader.Size + length];
        new LinkHeader { FrameType = LinkFrameType.StreamControl, PayloadLength = (uint)length, Source = source }.Write(bytes);
        return bytes;
    }
}
