using System.Buffers.Binary;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;
using static NexStream.Tests.Attacks.Attack;

namespace NexStream.Tests.Attacks;

/// <summary>Acknowledgements that lie.</summary>
[TestFixture]
public sealed class AcknowledgementAttackTests
{
    [AttackRow(1)]
    [Test]
    public void OptimisticAck_OfASkippedNumber_IsAViolation()
    {
        Pair pair = Connected();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        server.Send(new byte[200_000]);
        Connection connection = Forge.ConnectionOf(pair.Server);
        pair.RunUntil(() =>
        {
            client.ReadAll();
            pair.Settle();
            return connection.Path.SkippedNumber != ulong.MaxValue && client.Statistics.Received == 200_000;
        });
        pair.RunFor(Instant.Second);
        Acknowledge(pair, connection.Path.SkippedNumber, connection.Path.SkippedNumber);
        AssertViolation(pair, ReasonCode.AcknowledgementViolation);
    }

    [AttackRow(1)]
    [Test]
    public void SkippedNumbers_OfTwoConnections_AreNotTheSame()
    {
        ulong first = FirstSkipped(1);
        Assert.That(Enumerable.Range(2, 6).Any(seed => FirstSkipped((ulong)seed) != first), Is.True, "A number that can be foreseen traps nobody.");
    }

    [AttackRow(2)]
    [Test]
    public void Ack_OfWhatWasNeverSent_IsAViolation()
    {
        Pair pair = Connected();
        Connection connection = Forge.ConnectionOf(pair.Server);
        long window = connection.Path.Congestion.Window;
        Acknowledge(pair, connection.Path.NextPacketNumber, connection.Path.NextPacketNumber);
        AssertViolation(pair, ReasonCode.AcknowledgementViolation);
        Assert.That(connection.Path.Congestion.Window, Is.EqualTo(window));
    }

    [AttackRow(2)]
    [Test]
    public void StreamAck_OfWhatWasNeverSent_IsAViolation()
    {
        Pair pair = Connected();
        uint id = OpenOn(pair, TransportMode.ReliableOrdered);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new StreamDataAckFrame { StreamId = id, AckNumber = 1 }.TryWrite(ref w));
        AssertViolation(pair, ReasonCode.AcknowledgementViolation);
    }

    [AttackRow(2)]
    [Test]
    public void Nack_OfWhatWasNeverSent_IsAViolation()
    {
        Pair pair = Connected();
        uint id = OpenOn(pair, TransportMode.ReliableOrdered);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => DataNackFrame.TryWrite(ref w, id, [new NackRange(0, 5)]));
        AssertViolation(pair, ReasonCode.AcknowledgementViolation);
    }

    /// <summary>Where a frame of two ranges says how long the first is, how wide the gap, and how long the second: each reaches below packet number 0.</summary>
    [AttackRow(3)]
    [TestCase(18)]
    [TestCase(22)]
    [TestCase(26)]
    public void AckRanges_Underflowing_AreAnEncodingErrorWithoutStateChange(int field)
    {
        Pair pair = Connected();
        (_, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.RunFor(Instant.Second);
        pair.Filter = (_, _) => false;
        for (int i = 0; i < 20; i++)
        {
            server.Send(new byte[100]);
            pair.Settle();
        }

        Connection connection = Forge.ConnectionOf(pair.Server);
        Assert.That(connection.Path.AckElicitingInFlight, Is.GreaterThanOrEqualTo(10));
        long window = connection.Path.Congestion.Window;
        long smoothedNs = connection.Path.Rtt.SmoothedNs;
        ulong largest = connection.Path.NextPacketNumber - 1;
        Pair.Frame packet = Forge.Packet(pair, pair.Server, (ref FrameWriter w) => PacketAckFrame.TryWrite(
            ref w, 0, 0, [new PacketNumberRange(largest, largest), new PacketNumberRange(largest - 5, largest - 3)], default, hasEcn: false, 1 << 20));
        BinaryPrimitives.WriteUInt32BigEndian(packet.Bytes.AsSpan(PacketHeader.Size + RawFrame.HeaderSize + field), (uint)largest + 1);
        pair.Inject(pair.Server, packet);
        AssertViolation(pair, ReasonCode.FrameEncodingError);
        Assert.That(connection.Path.HasAcknowledgement && connection.Path.LargestAcknowledged == largest, Is.False, "Not even its first range counts.");
        Assert.That(connection.Path.Congestion.Window, Is.EqualTo(window));
        Assert.That(connection.Path.Rtt.SmoothedNs, Is.EqualTo(smoothedNs));
    }

    [AttackRow(3)]
    [Test]
    public void NackRanges_Reversed_AreAnEncodingError()
    {
        Pair pair = Connected();
        uint id = OpenOn(pair, TransportMode.ReliableOrdered);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) =>
        {
            // One range, from 9 to 3.
            w.TryBegin(FrameType.DataNack, 0, 12, out Span<byte> payload);
            payload.Clear();
            payload[3] = (byte)id;
            payload[7] = 9;
            payload[11] = 3;
        });
        AssertViolation(pair, ReasonCode.FrameEncodingError);
    }

    [AttackRow(4)]
    [TestCase(DataNackFrame.RangeCountReadMax, ReasonCode.AcknowledgementViolation, Description = "It is read, and names what was never sent.")]
    [TestCase(DataNackFrame.RangeCountReadMax + 1, ReasonCode.FrameEncodingError)]
    public void NackRangeBomb_MoreThanTheLimit_IsRefused(int count, ReasonCode reason)
    {
        Pair pair = Connected();
        uint id = OpenOn(pair, TransportMode.ReliableOrdered);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) =>
        {
            w.TryBegin(FrameType.DataNack, 0, DataNackFrame.GetWireLength(count) - RawFrame.HeaderSize, out Span<byte> payload);
            BinaryPrimitives.WriteUInt32BigEndian(payload, id);
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(payload[(4 + (8 * i))..], (uint)(2 * i));
                BinaryPrimitives.WriteUInt32BigEndian(payload[(8 + (8 * i))..], (uint)((2 * i) + 1));
            }
        });
        AssertViolation(pair, reason);
    }

    [AttackRow(4)]
    [Test]
    public void AckRangeBomb_MoreThanTheLimit_IsRefused()
    {
        Pair pair = Connected();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Connection connection = Forge.ConnectionOf(pair.Server);
        pair.RunUntil(() =>
        {
            // Enough packets for all of the ranges to be of what was sent.
            server.Send(new byte[5000]);
            client.ReadAll();
            pair.Settle();
            return connection.Path.NextPacketNumber > 4 * PacketAckFrame.RangeCountMax;
        });
        uint largest = (uint)connection.Path.NextPacketNumber - 1;
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) =>
        {
            // Ranges of one packet each, every second one: as many as are allowed, and one more.
            w.TryBegin(FrameType.DataAck, 0, PacketAckFrame.GetWireLength(PacketAckFrame.RangeCountMax + 1, hasEcn: false) - RawFrame.HeaderSize, out Span<byte> payload);
            payload.Clear();
            BinaryPrimitives.WriteUInt32BigEndian(payload[4..], largest);
            payload[13] = PacketAckFrame.RangeCountMax;
        });
        AssertViolation(pair, ReasonCode.FrameEncodingError);
    }

    /// <summary>The peer's counts of marked packets: fewer than it reported before, or more than were sent.</summary>
    [AttackRow(31)]
    [Test]
    public void EcnCounts_ThatShrinkOrExceedWhatWasSent_TurnEcnOff([Values] bool isShrinking)
    {
        Pair pair = Connected();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        Connection connection = Forge.ConnectionOf(pair.Server);
        pair.RunUntil(() =>
        {
            server.Send(new byte[5000]);
            client.ReadAll();
            pair.Settle();
            return connection.Path.Ecn.State == EcnState.Capable;
        });
        pair.RunFor(Instant.Second);
        pair.Filter = (_, _) => false;
        server.Send(new byte[10]);
        pair.Settle();
        long window = connection.Path.Congestion.Window;
        ulong largest = connection.Path.NextPacketNumber - 1;
        var counts = new EcnCounts { Ect0 = isShrinking ? 1ul : largest + 100 };
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) =>
            PacketAckFrame.TryWrite(ref w, 0, 0, [new PacketNumberRange(largest, largest)], counts, hasEcn: true, 0));
        Assert.That(connection.Path.Ecn.State, Is.EqualTo(EcnState.Failed));
        Assert.That(connection.Path.Congestion.Window, Is.GreaterThanOrEqualTo(window), "A lie is no congestion.");
        Assert.That(connection.IsOpen, Is.True);
    }

    private static ulong FirstSkipped(ulong seed)
    {
        var pair = new Pair(seed);
        pair.Connect();
        return Forge.ConnectionOf(pair.Server).Path.NextSkip;
    }
}
