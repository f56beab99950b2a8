using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
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

    [Test]
    public void SkippedNumbers_OfTwoConnections_AreNotTheSame()
    {
        ulong first = FirstSkipped(1);
        Assert.That(Enumerable.Range(2, 6).Any(seed => FirstSkipped((ulong)seed) != first), Is.True, "A number that can be foreseen traps nobody.");
    }

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

    [Test]
    public void StreamAck_OfWhatWasNeverSent_IsAViolation()
    {
        Pair pair = Connected();
        uint id = OpenOn(pair, TransportMode.ReliableOrdered);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new StreamDataAckFrame { StreamId = id, AckNumber = 1 }.TryWrite(ref w));
        AssertViolation(pair, ReasonCode.AcknowledgementViolation);
    }

    [Test]
    public void Nack_OfWhatWasNeverSent_IsAViolation()
    {
        Pair pair = Connected();
        uint id = OpenOn(pair, TransportMode.ReliableOrdered);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => DataNackFrame.TryWrite(ref w, id, [new NackRange(0, 5)]));
        AssertViolation(pair, ReasonCode.AcknowledgementViolation);
    }

    [Test]
    public void AckRanges_Underflowing_AreAnEncodingErrorWithoutStateChange()
    {
        Pair pair = Connected();
        Connection connection = Forge.ConnectionOf(pair.Server);
        int inFlight = connection.Path.AckElicitingInFlight;
        byte[] bytes = AckBytes(pair, 0, 0);

        // The first run's length is the last field before the end of a frame with one range; make it reach below zero.
        var reader = new FrameReader(bytes.AsSpan(PacketHeader.Size));
        reader.TryRead(out RawFrame raw);
        int reached = 0;
        for (int at = 4; at < raw.Payload.Length; at++)
        {
            Pair victim = Connected();
            byte[] hostile = AckBytes(victim, 0, 0);
            hostile[PacketHeader.Size + RawFrame.HeaderSize + at] = 0xFF;
            victim.Inject(victim.Server, Forge.Raw(victim, victim.Server, hostile));
            reached += victim.Server.Events.Any(e => e is { Kind: EventKind.ConnectionClosed, Reason: ReasonCode.FrameEncodingError }) ? 1 : 0;
        }

        Assert.That(reached, Is.GreaterThan(0));
        Assert.That(connection.Path.AckElicitingInFlight, Is.EqualTo(inFlight));
    }

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

    [Test]
    public void NackRangeBomb_MoreThanTheLimit_IsRefused()
    {
        Pair pair = Connected();
        uint id = OpenOn(pair, TransportMode.ReliableOrdered);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) =>
        {
            const int Count = DataNackFrame.RangeCountReadMax + 1;
            w.TryBegin(FrameType.DataNack, 0, DataNackFrame.GetWireLength(Count) - RawFrame.HeaderSize, out Span<byte> payload);
            payload.Clear();
            payload[3] = (byte)id;
            payload[5] = Count;
        });
        AssertViolation(pair, ReasonCode.FrameEncodingError);
    }

    private static ulong FirstSkipped(ulong seed)
    {
        var pair = new Pair(seed);
        pair.Connect();
        return Forge.ConnectionOf(pair.Server).Path.NextSkip;
    }
}
