using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Attacks;

/// <summary>What a peer can do with groups, repairs and reports.</summary>
[TestFixture]
public sealed class RepairAttackTests
{
    [AttackRow(26)]
    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    [TestCase(TransportMode.BestEffort)]
    public void Repair_OfAStreamInAnotherMode_EndsTheConnection(TransportMode mode)
    {
        (Pair pair, StreamHandle client, _) = Open(mode);
        Forge.Inject(pair, pair.Server, (ref writer) => new RepairFrame { StreamId = client.Id, GroupSize = 2 }.TryWrite(ref writer), new byte[10]);
        AssertEnded(pair, ReasonCode.StreamStateViolation);
    }

    /// <summary>Sizes of groups, rows of the code and numbers of messages that cannot be are refused before anything is kept.</summary>
    [AttackRow(26)]
    [TestCase((byte)0, (byte)0, 0ul)]
    [TestCase((byte)65, (byte)0, 0ul)]
    [TestCase((byte)255, (byte)0, 0ul)]
    [TestCase((byte)4, (byte)64, 0ul)]
    [TestCase((byte)4, (byte)255, 0ul)]
    [TestCase((byte)4, (byte)0, WireLimits.PositionMax)]
    [TestCase((byte)4, (byte)0, ulong.MaxValue)]
    public void Repair_OfAnImpossibleGroup_IsAnEncodingErrorAndKeepsNothing(byte size, byte row, ulong first)
    {
        (Pair pair, StreamHandle client, _) = Open(TransportMode.Probabilistic);
        int free = pair.Server.Endpoint.Arena.FreeCount;
        Repair(pair, client, size, row, new byte[1000], first);
        AssertEnded(pair, ReasonCode.FrameEncodingError);
        Assert.That(Groups(pair), Is.Zero);
        Assert.That(pair.Server.Endpoint.Arena.FreeCount, Is.GreaterThanOrEqualTo(free));
    }

    /// <summary>A message's place in its group that no group has, or that would make the group begin before the first message.</summary>
    [AttackRow(26)]
    [TestCase(100ul, (byte)64)]
    [TestCase(100ul, (byte)255)]
    [TestCase(3ul, (byte)4)]
    public void Message_WithAnImpossiblePlaceInItsGroup_IsAnEncodingErrorAndKeepsNothing(ulong number, byte index)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic);
        Message(pair, client, number, index);
        AssertEnded(pair, ReasonCode.FrameEncodingError);
        Assert.That(Groups(pair), Is.Zero);
        Assert.That(server.ReadAll(), Is.Empty);
    }

    [AttackRow(26)]
    [Test]
    public void Repair_AnotherGroupSizeThanBefore_EndsTheConnection()
    {
        (Pair pair, StreamHandle client, _) = Open(TransportMode.Probabilistic);
        Repair(pair, client, size: 4, row: 0, new byte[10]);
        Repair(pair, client, size: 5, row: 1, new byte[10]);
        AssertEnded(pair, ReasonCode.MessageViolation);
    }

    [AttackRow(26)]
    [Test]
    public void Repair_OfAnotherLength_DropsTheGroupOnly()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic);
        Repair(pair, client, size: 4, row: 0, new byte[10]);
        Assert.That(Groups(pair), Is.EqualTo(1));
        Repair(pair, client, size: 4, row: 1, new byte[11]);
        Assert.That(Groups(pair), Is.Zero);
        AssertAlive(pair, server);
    }

    [AttackRow(26)]
    [Test]
    public void Repair_ThatGivesNoMessageBack_DeliversNothing()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic);

        // Both of two are missing, and the lengths come out as nonsense.
        Repair(pair, client, size: 2, row: 0, new byte[10], lengthParity: 0xFFFFFFFF);
        Repair(pair, client, size: 2, row: 1, new byte[10], lengthParity: 0x12345678);
        Assert.That(server.ReadAll(), Is.Empty);
        AssertAlive(pair, server);
    }

    /// <summary>The first of two messages came, and the repair tells how long the second is: at most as long as the repair, and not nothing.</summary>
    [AttackRow(26)]
    [TestCase(500u, 2)]
    [TestCase(0u, 1)]
    [TestCase(901u, 1)]
    [TestCase(uint.MaxValue, 1)]
    public void Repair_ThatBringsBackAnImpossibleLength_DeliversNothing(uint length, int messages)
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic);
        Message(pair, client, number: 0, index: 0);
        Repair(pair, client, size: 2, row: 0, new byte[900], lengthParity: 900 ^ length);
        Assert.That(server.ReadAll(), Has.Count.EqualTo(messages));
        AssertAlive(pair, server);
    }

    [AttackRow(26)]
    [Test]
    public void Repair_FloodOfGroups_HoldsFourOfThem()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic);
        int free = pair.Server.Endpoint.Arena.FreeCount;
        for (ulong first = 0; first < 1000; first++)
        {
            Repair(pair, client, size: 64, row: 0, new byte[1200], first: first * 64);
        }

        Assert.That(Groups(pair), Is.EqualTo(4));
        Assert.That(free - pair.Server.Endpoint.Arena.FreeCount, Is.LessThanOrEqualTo(5));
        pair.RunFor(2 * Instant.Second);
        Assert.That(Groups(pair), Is.Zero, "They are given up when they are too old.");
        AssertAlive(pair, server);
    }

    [AttackRow(26)]
    [Test]
    public void Repair_MessageBehindTheEndOfItsGroup_DropsTheGroup()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic);
        Message(pair, client, number: 10, index: 10);
        Assert.That(Groups(pair), Is.EqualTo(1));
        Repair(pair, client, size: 4, row: 0, new byte[1000]);
        Assert.That(Groups(pair), Is.Zero);
        Assert.That(server.ReadAll(), Has.Count.EqualTo(1), "The message itself was given out.");
        AssertAlive(pair, server);
    }

    [AttackRow(26)]
    [Test]
    public void Message_LongerThanItsRepairs_DropsTheGroup()
    {
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic);
        Message(pair, client, number: 0, index: 0);
        Repair(pair, client, size: 2, row: 0, new byte[10]);
        Assert.That(server.ReadAll(), Has.Count.EqualTo(1));
        Assert.That(Groups(pair), Is.Zero);
        AssertAlive(pair, server);
    }

    /// <summary>Messages that are read at once, of groups whose repairs never come: what is kept of them leaves half of the share to others.</summary>
    [AttackRow(26)]
    [Test]
    public void Message_ManyGroupsWithoutRepairs_HoldHalfOfTheShareAtMost()
    {
        var pair = new Pair(frameCount: 512);
        pair.Connect();
        var streams = new List<(StreamHandle Client, StreamHandle Server)>();
        for (int i = 0; i < 20; i++)
        {
            streams.Add(pair.Open(new StreamConfig(TransportMode.Probabilistic)));
        }

        pair.RunFor(Instant.Second);
        int share = Forge.ConnectionOf(pair.Server).Memory.FramesMax;
        for (byte index = 0; index < 64; index++)
        {
            foreach ((StreamHandle client, StreamHandle server) in streams)
            {
                Message(pair, client, index, index);
                Assert.That(server.ReadAll(), Has.Count.EqualTo(1), "Every message is given out.");
            }
        }

        int held = pair.Server.Endpoint.Arena.FrameCount - pair.Server.Endpoint.Arena.FreeCount;
        Assert.That(held, Is.InRange(share / 4, (share / 2) + 1));
    }

    [AttackRow(2)]
    [TestCase(1ul, 0ul, 0ul)]
    [TestCase(0ul, 1ul, 0ul)]
    [TestCase(0ul, 0ul, 1ul)]
    [TestCase(ulong.MaxValue, 1ul, 0ul)]
    [TestCase(0ul, ulong.MaxValue, ulong.MaxValue)]
    public void Report_OfMessagesThatWereNotSent_EndsTheConnection(ulong received, ulong lost, ulong recovered)
    {
        (Pair pair, StreamHandle client, _) = Open(TransportMode.Probabilistic);
        Report(pair, client, received, lost, recovered);
        Assert.That(pair.Client.Events.Last(e => e.Kind == EventKind.ConnectionClosed).Reason, Is.EqualTo(ReasonCode.AcknowledgementViolation));
    }

    [Test]
    public void Report_OlderThanTheLast_ChangesNothing()
    {
        (Pair pair, StreamHandle client, _) = Open(TransportMode.Probabilistic);
        for (int i = 0; i < 10; i++)
        {
            client.Send(new byte[100]);
        }

        pair.Settle();
        Report(pair, client, received: 6, lost: 4, recovered: 0);
        Report(pair, client, received: 5, lost: 1, recovered: 0);
        Assert.That(client.Statistics.Delivery!.Value.ReportedLost, Is.EqualTo(4));
    }

    [Test]
    public void Report_OfAStreamInAnotherMode_EndsTheConnection()
    {
        (Pair pair, StreamHandle client, _) = Open(TransportMode.BestEffort);
        Report(pair, client, 0, 0, 0);
        Assert.That(pair.Client.Events.Last(e => e.Kind == EventKind.ConnectionClosed).Reason, Is.EqualTo(ReasonCode.StreamStateViolation));
    }

    [AttackRow(26)]
    [Test]
    public void Repair_LongerThanAFrameOfThisArena_DeliversNothing()
    {
        // Over shared memory a repair is kept where it lies, in the peer's frames; what it brings back is written into one of this arena's.
        (Pair pair, StreamHandle client, StreamHandle server) = Open(TransportMode.Probabilistic, frameSize: 512);
        byte[] memory = GC.AllocateArray<byte>(8 * 2048, pinned: true);
        var region = new PeerRegion(System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), 2048, 8, new NoLink());
        pair.Server.Endpoint.RegisterRegion(region);
        Forge.Inject(
            pair, pair.Server,
            (ref writer) => new DataFrame { Mode = TransportMode.Probabilistic, StreamId = client.Id, IsGrouped = true }.TryWrite(ref writer), new byte[300]);
        Pair.Frame packet = Forge.Packet(pair, pair.Server, (ref writer) => new RepairFrame { StreamId = client.Id, GroupSize = 2, LengthParity = 300 ^ 1000 }.TryWrite(ref writer));
        LinkHeader header = packet.Header;
        header.PayloadLength += 1000;
        PayloadSlice[] parity = [new PayloadSlice(PayloadSlice.FrameOf(region.Number, 0), 0, 1000)];
        Assert.DoesNotThrow(() => pair.Server.Endpoint.Receive(new LinkFrame(header, packet.Bytes, parity), pair.Now));
        Assert.That(server.ReadAll(), Has.Count.EqualTo(1), "The message that came by itself, and no other.");
        AssertAlive(pair, server);
        Assert.That(region.HeldCount, Is.Zero);
    }

    private static (Pair Pair, StreamHandle Client, StreamHandle Server) Open(TransportMode mode, int frameSize = 2048)
    {
        var pair = new Pair(frameSize: frameSize);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(mode));
        pair.RunFor(Instant.Second);
        return (pair, client, server);
    }

    private static void Repair(Pair pair, StreamHandle stream, byte size, byte row, byte[] parity, ulong first = 0, uint lengthParity = 5) => Forge.Inject(
        pair,
        pair.Server,
        (ref writer) => new RepairFrame { StreamId = stream.Id, FirstMessage = first, GroupSize = size, Row = row, LengthParity = lengthParity }.TryWrite(ref writer),
        parity);

    private static void Message(Pair pair, StreamHandle stream, ulong number, byte index) => Forge.Inject(
        pair,
        pair.Server,
        (ref writer) => new DataFrame { Mode = TransportMode.Probabilistic, StreamId = stream.Id, Position = number, IsGrouped = true, GroupIndex = index }.TryWrite(ref writer),
        new byte[900]);

    private static void Report(Pair pair, StreamHandle stream, ulong received, ulong lost, ulong recovered) => Forge.Inject(
        pair, pair.Client, (ref writer) => new ReceiverReportFrame { StreamId = stream.Id, Received = received, Lost = lost, Recovered = recovered }.TryWrite(ref writer));

    private static int Groups(Pair pair) => pair.Server.Endpoint.State.Groups.Count;

    private static void AssertEnded(Pair pair, ReasonCode reason) =>
        Assert.That(pair.Server.Events.Last(e => e.Kind == EventKind.ConnectionClosed).Reason, Is.EqualTo(reason));

    private static void AssertAlive(Pair pair, StreamHandle server)
    {
        Assert.That(pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        Assert.That(server.Id, Is.Not.Zero);
    }

    /// <summary>Nobody waits for the frames of this peer.</summary>
    private sealed class NoLink : IFrameReleaser
    {
        public void Release(int index, int holds)
        {
        }
    }
}
