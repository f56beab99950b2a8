using System.Buffers.Binary;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;
using static NexStream.Tests.Attacks.Attack;
using static NexStream.Tests.Support.PathPair;

namespace NexStream.Tests.Attacks;

/// <summary>What a hostile peer, or somebody who guesses, does with further paths.</summary>
[TestFixture]
public sealed class PathAttackTests
{
    private const ulong Tag = 0x1122334455667788;

    private static readonly NodeId s_spoofed = new(0xBAD, 1);

    [AttackRow(23)]
    [Test]
    public void PathFlood_FromAHostilePeer_IsCapped()
    {
        var paths = new PathPair(paths: 3);
        for (int i = 0; i < 127; i++)
        {
            Offer(paths, (byte)((2 * i) + 1), s_spoofed, Tag);
        }

        Connection connection = Forge.ConnectionOf(paths.Server);
        Assert.That(connection.IsOpen, Is.True);
        Assert.That(connection.Paths.Count, Is.EqualTo(3));
        Assert.That(paths.Server.Connection.Statistics.PathsRefused, Is.EqualTo(125));
        Assert.That(paths.Server.Endpoint.State.Paths.Count - paths.Server.Endpoint.State.Paths.FreeCount, Is.EqualTo(3));
    }

    [AttackRow(23)]
    [Test]
    public void PathFlood_WithoutFurtherPathsConfigured_MakesNone()
    {
        Pair pair = Connected();
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new PathOfferFrame { PathId = 1, Tag = Tag, Node = s_spoofed }.TryWrite(ref w));
        Assert.That(Forge.ConnectionOf(pair.Server).Paths.Count, Is.EqualTo(1));
        Assert.That(pair.Server.Connection.Statistics.PathsRefused, Is.EqualTo(1));
    }

    [AttackRow(23)]
    [Test]
    public void PathFlood_WithTheNodesOfAVictim_SendsItAtMostThreeTimesItsBytes()
    {
        var paths = new PathPair(paths: 8);
        long caused = 0;
        var kinds = new HashSet<FrameType>();
        paths.Look = frame =>
        {
            if (frame.Header.Destination != s_spoofed)
            {
                // The client would take acknowledgements of what was forged for a lie.
                return frame.Header.Destination == Pair.ServerNode;
            }

            caused += LinkHeader.Size + frame.Bytes.Length;
            kinds.UnionWith(Frames.TypesOf(frame));
            return false;
        };
        Pair.Frame packet = Forge.Packet(paths.Pair, paths.Server, (ref FrameWriter w) =>
        {
            for (byte id = 1; id <= 13; id += 2)
            {
                new PathOfferFrame { PathId = id, Tag = Tag, Node = s_spoofed }.TryWrite(ref w);
            }
        });
        paths.Pair.Inject(paths.Server, packet);
        paths.Pair.RunFor(20 * Instant.Second);
        Assert.That(caused, Is.GreaterThan(0).And.LessThanOrEqualTo(3 * (LinkHeader.Size + packet.Bytes.Length)));
        Assert.That(kinds, Is.EquivalentTo(new[] { FrameType.Ping }));
        Assert.That(Forge.ConnectionOf(paths.Server).Paths.Count, Is.EqualTo(1), "What was not validated in time is gone.");
    }

    [TestCase(0)]
    [TestCase(255)]
    [TestCase(2)]
    public void Offer_OfAReservedOrForeignId_IsAViolation(byte id)
    {
        var paths = new PathPair(paths: 3);
        Offer(paths, id, s_spoofed, Tag);
        AssertViolation(paths.Pair, ReasonCode.ProtocolViolation);
    }

    [TestCase(0)]
    [TestCase(255)]
    [TestCase(2)]
    public void Close_OfAReservedOrForeignId_IsAViolation(byte id)
    {
        var paths = new PathPair(paths: 3);
        Forge.Inject(paths.Pair, paths.Server, (ref FrameWriter w) => new PathCloseFrame { PathId = id }.TryWrite(ref w));
        AssertViolation(paths.Pair, ReasonCode.ProtocolViolation);
    }

    [Test]
    public void Offer_RepeatedWithAnotherTagOrNode_IsAViolation([Values] bool isTag)
    {
        var paths = new PathPair(paths: 3);
        Offer(paths, 1, s_spoofed, Tag);
        Offer(paths, 1, s_spoofed, Tag);
        Assert.That(Forge.ConnectionOf(paths.Server).IsOpen, Is.True, "The same again is a repetition.");
        Offer(paths, 1, isTag ? s_spoofed : new NodeId(0xBAD, 2), isTag ? Tag + 1 : Tag);
        AssertViolation(paths.Pair, ReasonCode.ProtocolViolation);
    }

    [Test]
    public void Offer_OfAPathThatWasClosed_MeansNothing()
    {
        var paths = new PathPair(paths: 3);
        Offer(paths, 1, s_spoofed, Tag);
        Forge.Inject(paths.Pair, paths.Server, (ref FrameWriter w) => new PathCloseFrame { PathId = 1 }.TryWrite(ref w));
        Offer(paths, 1, s_spoofed, Tag + 1);
        Assert.That(Forge.ConnectionOf(paths.Server).IsOpen, Is.True);
        Assert.That(Forge.ConnectionOf(paths.Server).Paths.Count, Is.EqualTo(1));
    }

    [Test]
    public void Packet_ThatClosesItsOwnPathAndGoesOn_IsReadNoFurther()
    {
        var paths = new PathPair(paths: 3);
        byte id = paths.Open();
        Pair.Frame packet = OnPath(paths, id, 1000, (ref FrameWriter w) =>
        {
            new PathCloseFrame { PathId = id }.TryWrite(ref w);
            new PathOfferFrame { PathId = 3, Tag = Tag, Node = s_spoofed }.TryWrite(ref w);
            new PingFrame { PingId = 5 }.TryWrite(ref w);
        });
        paths.Pair.Inject(paths.Server, packet);
        Assert.That(Forge.ConnectionOf(paths.Server).Paths.Count, Is.EqualTo(1));
        Assert.That(Forge.ConnectionOf(paths.Server).IsOpen, Is.True);
    }

    [AttackRow(2)]
    [Test]
    public void Acknowledgement_OfAPathThatNeverWas_IsAViolation()
    {
        var paths = new PathPair(paths: 3);
        Forge.Inject(paths.Pair, paths.Server, (ref FrameWriter w) =>
            PacketAckFrame.TryWrite(ref w, 9, 0, (PacketNumberRange[])[new PacketNumberRange(0, 0)], default, hasEcn: false, 0));
        AssertViolation(paths.Pair, ReasonCode.AcknowledgementViolation);
    }

    [Test]
    public void Acknowledgement_OfAPathThatIsGone_MeansNothing()
    {
        var paths = new PathPair(paths: 3);
        byte id = paths.Open();
        paths.Server.Connection.ClosePath(id, paths.Pair.Now);
        Forge.Inject(paths.Pair, paths.Server, (ref FrameWriter w) =>
            PacketAckFrame.TryWrite(ref w, id, 0, (PacketNumberRange[])[new PacketNumberRange(0, 10_000)], default, hasEcn: false, 0));
        Assert.That(Forge.ConnectionOf(paths.Server).IsOpen, Is.True);
    }

    [AttackRow(21)]
    [Test]
    public void SpoofedSource_OnASecondPath_MovesNothingAndCostsAtMostThreeTimesItsBytes()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        long spent = 0;
        long caused = 0;
        paths.Look = frame =>
        {
            caused += frame.Header.Destination == s_spoofed ? LinkHeader.Size + frame.Bytes.Length : 0;
            return frame.Header.Destination == Pair.ServerNode;
        };
        for (uint i = 0; i < 50; i++)
        {
            Pair.Frame frame = OnPath(paths, id, 1000 + i, (ref FrameWriter w) => new CongestionFrame().TryWrite(ref w));
            spent += LinkHeader.Size + frame.Bytes.Length;
            paths.Pair.Inject(paths.Server, frame with { Header = frame.Header with { Source = s_spoofed } });
            paths.Pair.RunFor(20 * Instant.Millisecond);
        }

        Assert.That(caused, Is.GreaterThan(0).And.LessThanOrEqualTo(3 * spent));
        Assert.That(PathOf(paths.Server, id).Remote, Is.EqualTo(NodeOf(Pair.ClientNode, 1)));
    }

    [AttackRow(21)]
    [Test]
    public void SpoofedSource_OnAPathThatIsNotValidated_IsDropped()
    {
        var paths = new PathPair();
        Offer(paths, 1, NodeOf(Pair.ClientNode, 1), Tag);
        ulong received = PathOf(paths.Server, 1).PacketsReceived;
        Pair.Frame frame = OnPath(paths, 1, 0, (ref FrameWriter w) => new PingFrame { PingId = 1 }.TryWrite(ref w));
        paths.Pair.Inject(paths.Server, frame with { Header = frame.Header with { Source = s_spoofed } });
        Assert.That(PathOf(paths.Server, 1).PacketsReceived, Is.EqualTo(received));
        Assert.That(PathOf(paths.Server, 1).BytesReceived, Is.Zero);
    }

    [AttackRow(20)]
    [Test]
    public void Pong_ThatWasNotAskedFor_ValidatesNoPath()
    {
        var paths = new PathPair();
        Offer(paths, 1, NodeOf(Pair.ClientNode, 1), Tag);
        for (uint guess = 0; guess < 50; guess++)
        {
            Pair.Frame frame = OnPath(paths, 1, guess, (ref FrameWriter w) => new PongFrame { PingId = guess }.TryWrite(ref w));
            paths.Pair.Inject(paths.Server, frame with { Header = frame.Header with { Source = NodeOf(Pair.ClientNode, 1) } });
        }

        Assert.That(IsActive(paths.Server, 1), Is.False);
    }

    [AttackRow(22)]
    [Test]
    public void Old_PacketFromTheFormerNodeOfASecondPath_DoesNotMoveItBack()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        Pair.Frame old = OnPath(paths, id, 1, (ref FrameWriter w) => new CongestionFrame().TryWrite(ref w));
        var moved = new NodeId(0xC11E, 99);
        ulong asked = 0;
        int back = 0;
        paths.Look = frame =>
        {
            back += frame.Header.Destination == NodeOf(Pair.ClientNode, 1) ? 1 : 0;
            if (frame.Header.Destination == moved && frame.Carries(FrameType.Ping))
            {
                asked = BinaryPrimitives.ReadUInt64BigEndian(Frames.PayloadsOf(frame, FrameType.Ping).First());
            }

            return frame.Header.Destination == Pair.ServerNode;
        };
        Pair.Frame newest = OnPath(paths, id, 1000, (ref FrameWriter w) => new CongestionFrame().TryWrite(ref w));
        paths.Pair.Inject(paths.Server, newest with { Header = newest.Header with { Source = moved } });
        Pair.Frame answer = OnPath(paths, id, 1001, (ref FrameWriter w) => new PongFrame { PingId = asked }.TryWrite(ref w));
        paths.Pair.Inject(paths.Server, answer with { Header = answer.Header with { Source = moved } });
        Assert.That(PathOf(paths.Server, id).Remote, Is.EqualTo(moved), "Else there would be nothing to move back.");
        back = 0;
        paths.Pair.Inject(paths.Server, old with { Header = old.Header with { Source = NodeOf(Pair.ClientNode, 1) } });
        paths.Pair.RunFor(Instant.Second);
        Assert.That(PathOf(paths.Server, id).Remote, Is.EqualTo(moved));
        Assert.That(back, Is.Zero, "Nobody is even asked there.");
    }

    [AttackRow(20)]
    [Test]
    public void PingFlood_OnASecondPath_IsAnsweredOnceAPacketThere()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        int pongs = 0;
        paths.Look = frame =>
        {
            pongs += frame.Packet.PathId == id && frame.Carries(FrameType.Pong) ? 1 : 0;
            return frame.Header.Destination == Pair.ServerNode;
        };
        Pair.Frame flood = OnPath(paths, id, 1000, (ref FrameWriter w) =>
        {
            for (ulong i = 0; i < 80; i++)
            {
                new PingFrame { PingId = i }.TryWrite(ref w);
            }
        });
        paths.Pair.Inject(paths.Server, flood with { Header = flood.Header with { Source = NodeOf(Pair.ClientNode, 1) } });
        Assert.That(pongs, Is.EqualTo(1));
    }

    private static void Offer(PathPair paths, byte id, NodeId node, ulong tag) =>
        Forge.Inject(paths.Pair, paths.Server, (ref FrameWriter w) => new PathOfferFrame { PathId = id, Tag = tag, Node = node }.TryWrite(ref w));

    /// <summary>A packet to the server on a further path, from the client's first node.</summary>
    private static Pair.Frame OnPath(PathPair paths, byte id, uint number, Forge.Content content)
    {
        Pair.Frame frame = Forge.Packet(paths.Pair, paths.Server, number, content, [], StateOf(paths.Server, id).LocalTag);
        frame.Bytes[8] = id;
        return frame;
    }
}
