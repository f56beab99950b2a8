using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Fec;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// Packets that arrive together are compared with what is expected and looked at no further: every limit must hold among them all the same. Each case runs into one
/// limit in the middle of a train, with and without prediction, and both must come to the same.
/// </summary>
[TestFixture]
public sealed class TrainLimitTests
{
    private const int FrameSize = 1216;
    private const int Size = 1200;
    private const int Sent = 60;
    private const int PacketsMin = 6;

    /// <summary>No packet number is skipped there, which would end the train before what is tested.</summary>
    private const int LeftOutAt = 20;

    /// <summary>More than are sent: they never run out.</summary>
    private const int PeerFrames = 512;

    /// <summary>A peer that knows no limit: what it may send is raised behind its back.</summary>
    private static readonly ConnectionConfig s_wide = new()
    {
        SendBuffer = 1 << 20,
        DatagramBuffer = 1 << 20,
        StreamReceiveWindow = 1 << 20,
        ReceiveWindow = 1 << 20,
        MaxMessageLength = Size,
    };

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void Train_BeyondConnectionCredit_IsAViolation(TransportMode mode) =>
        Compare(mode, s_wide with { ReceiveWindow = 30 * Size, StreamReceiveWindow = 30 * Size }, summary => Assert.That(summary.Reason, Is.EqualTo(ReasonCode.FlowControlViolation)));

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void Train_BeyondStreamCredit_IsAViolation(TransportMode mode) => Compare(
        mode,
        s_wide with { StreamReceiveWindow = 30 * Size, StreamMessageWindow = 30 },
        summary => Assert.That(summary.Reason, Is.EqualTo(ReasonCode.FlowControlViolation)));

    [TestCase(TransportMode.BestEffort, false)]
    [TestCase(TransportMode.Probabilistic, false)]
    [TestCase(TransportMode.Probabilistic, true)]
    public void Train_OfMoreDatagramsThanTheStreamMayHold_DropsTheOldest(TransportMode mode, bool isGrouped) =>
        Compare(mode, s_wide with { DatagramBuffer = 20 * Size }, summary => Assert.That(summary.Dropped, Is.GreaterThan(10)), isGrouped: isGrouped);

    // The peer's frames are many: what runs out is the receiver's own.
    [TestCase(TransportMode.BestEffort, false, 32, 1 << 12)]
    [TestCase(TransportMode.BestEffort, false, 512, 30)]
    [TestCase(TransportMode.Probabilistic, false, 32, 1 << 12)]
    [TestCase(TransportMode.Probabilistic, false, 512, 30)]
    [TestCase(TransportMode.Probabilistic, true, 32, 1 << 12)]
    [TestCase(TransportMode.Probabilistic, true, 512, 30)]
    public void Train_OfDatagramsWithoutMemory_DropsTheNewest(TransportMode mode, bool isGrouped, int frames, int records) => Compare(
        mode, s_wide, summary => Assert.That(summary.Dropped, Is.GreaterThan(5)), frames, records: records, isGrouped: isGrouped);

    // Messages need no chunk, but their groups do: what cannot be kept for a group is given out all the same.
    [Test]
    public void Train_OfGroupsWithFewChunks_IsGivenOut([Range(2, 12)] int left) => Compare(
        TransportMode.Probabilistic, s_wide, summary => Assert.That(summary.Buffered, Is.EqualTo(Sent * Size)), chunks: 16, chunksLeft: left, isGrouped: true);

    [Test]
    public void Train_OfGroupsWithoutTheMessageInTheMiddle_CountsItAsLost([Values] bool isGrouped) => Compare(
        TransportMode.Probabilistic, s_wide, summary => Assert.That(summary.Meter.Lost, Is.EqualTo(3)), numbersLeftOut: 3, isGrouped: isGrouped);

    [TestCase(TransportMode.ReliableUnordered)]
    [TestCase(TransportMode.BestEffort)]
    [TestCase(TransportMode.Probabilistic)]
    public void Train_OfWholeMessages_NeedsNoChunks(TransportMode mode) => Compare(
        mode, s_wide, summary => Assert.That((summary.Chunks, summary.Buffered), Is.EqualTo((0, Sent * Size))), chunks: Sent / 2);

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    [TestCase(TransportMode.BestEffort)]
    [TestCase(TransportMode.Probabilistic)]
    public void Data_WithoutAnyChunk_IsNotTaken(TransportMode mode) => Compare(
        mode, s_wide, summary => Assert.That(summary.Buffered, Is.Zero), packetsMin: 0, chunksLeft: 0);

    [TestCase(TransportMode.ReliableOrdered, 32, 1 << 12, 1 << 12)]
    [TestCase(TransportMode.ReliableOrdered, 512, 40, 1 << 12)]
    [TestCase(TransportMode.ReliableUnordered, 32, 1 << 12, 1 << 12)]
    [TestCase(TransportMode.ReliableUnordered, 512, 1 << 12, 30)]
    public void Train_OfReliableDataWithoutMemory_IsLeftOutAndNotAcknowledged(TransportMode mode, int frames, int chunks, int records) => Compare(
        mode, s_wide, summary => Assert.That(summary.Buffered, Is.LessThan(Sent * Size)), frames, chunks, records);

    [Test]
    public void Train_OfMessagesThatGrowTooLong_IsAViolation() => Compare(
        TransportMode.ReliableUnordered, s_wide with { MaxMessageLength = Size - 100 }, summary => Assert.That(summary.Reason, Is.EqualTo(ReasonCode.MessageViolation)), grows: true);

    [Test]
    public void Train_WithoutTheMessageInTheMiddle_HasAGap() => Compare(
        TransportMode.ReliableUnordered, s_wide, summary => Assert.That(summary.Gaps, Is.EqualTo(1)), numbersLeftOut: 3);

    [TestCase(TransportMode.BestEffort)]
    [TestCase(TransportMode.Probabilistic)]
    public void Train_BeyondTheLastNumber_IsAViolation(TransportMode mode) => Compare(
        mode, s_wide, summary => Assert.That(summary.Reason, Is.EqualTo(ReasonCode.FrameEncodingError)), numbersSkipped: WireLimits.PositionMax - 20);

    private static void Compare(
        TransportMode mode, ConnectionConfig server, Action<Summary> expect, int frames = 512, int chunks = 1 << 12, int records = 1 << 12,
        ulong numbersSkipped = 0, ulong numbersLeftOut = 0, bool grows = false, int packetsMin = PacketsMin, int chunksLeft = int.MaxValue,
        bool isGrouped = false)
    {
        (Summary predicted, ulong inTrains) = Run(mode, server, usesPrediction: true, frames, chunks, records, numbersSkipped, numbersLeftOut, grows, chunksLeft, isGrouped);
        (Summary plain, _) = Run(mode, server, usesPrediction: false, frames, chunks, records, numbersSkipped, numbersLeftOut, grows, chunksLeft, isGrouped);
        expect(plain);
        Assert.That(predicted, Is.EqualTo(plain));
        Assert.That(inTrains, Is.AtLeast(packetsMin), "The limit lies in the middle of a train.");
    }

    private static (Summary Summary, ulong InTrains) Run(
        TransportMode mode, ConnectionConfig server, bool usesPrediction, int frames, int chunks, int records, ulong numbersSkipped, ulong numbersLeftOut, bool grows,
        int chunksLeft, bool isGrouped)
    {
        // Each packet carries one piece: of bytes as many as fit, of messages one, beside the longest head.
        int frameLength = Size + (mode == TransportMode.ReliableOrdered ? LinkHeader.Size + OrderedHead.Size : 116);
        EndpointConfig receiving = ReferencePair.ConfigOf(2, server with { MaxFrameLength = frameLength }) with { MaxConnections = 1, MaxChunks = chunks, MaxMessages = records };
        var pair = new ReferencePair(ReferencePair.ConfigOf(1, s_wide with { MaxFrameLength = frameLength }), receiving, FrameSize, PeerFrames, frames);
        pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
        StreamHandle reading = default;
        ReasonCode reason = ReasonCode.None;
        pair.Server.OnEvent = item =>
        {
            reading = item.Kind == EventKind.StreamOpened ? item.Stream : reading;
            reason = item.Kind == EventKind.ConnectionClosed ? item.Reason : reason;
        };
        pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle connection);
        pair.Settle();
        ProbabilisticConfig? delivery = isGrouped ? new ProbabilisticConfig(1, Thinning: false, FecRatio: 0.2, GroupSize: 10) : null;
        connection.OpenStream(new StreamConfig(mode, SequenceNumbers: mode == TransportMode.BestEffort, Delivery: delivery), out StreamHandle sending);
        for (int i = 0; i < 3; i++)
        {
            // Until the opening is acknowledged.
            sending.Send(new byte[Size - (grows ? 100 : 0)]);
            pair.Settle();
            pair.Advance(30 * Instant.Millisecond);
            pair.Settle();
            while (reading.Receive(new byte[Size]).Status == CallStatus.Ok)
            {
                // Nothing of these is to be in the way.
            }
        }

        EndpointState state = pair.Client.Endpoint.State;
        state.Streams[sending.Index].Send.Window.Limit += 1 << 20;
        state.Connections[connection.Index].Credit.Limit += 1 << 20;
        state.Connections[connection.Index].PeerMessageLengthMax = Size;
        state.Streams[sending.Index].Send.End += numbersSkipped;
        state.Streams[sending.Index].Send.Window.Used += mode == TransportMode.Probabilistic ? numbersSkipped : 0;
        while (pair.Server.Endpoint.State.Store.Chunks.FreeCount > chunksLeft)
        {
            // Somebody else has the others.
            pair.Server.Endpoint.State.Store.Chunks.TryAllocate(out _);
        }

        for (int i = 0; i < Sent; i++)
        {
            if (i == LeftOutAt)
            {
                pair.Drain();
                state.Streams[sending.Index].Send.Window.Used += numbersLeftOut;
            }

            Assert.That(sending.Send(new byte[grows && i < Sent / 2 ? Size - 100 : Size]).Status, Is.EqualTo(CallStatus.Ok));
        }

        pair.Drain();
        pair.DeliverAll();
        Summary summary = SummaryOf(pair.Server.Endpoint.State, reading.Index);
        ulong inTrains = pair.Server.Endpoint.State.ReceivedInTrains;
        pair.Drain();
        return (summary with { Reason = reason }, inTrains);
    }

    private static Summary SummaryOf(EndpointState state, int index)
    {
        ref StreamState stream = ref state.Streams[index];
        Connection connection = state.Connections[stream.Connection];
        ref ReceiveHalf receive = ref stream.Receive;
        return new Summary(
            ReasonCode.None, receive.Next, receive.Highest, receive.FinalSize, receive.Buffered, receive.Dropped, receive.Window.Consumed, connection.Received,
            connection.ReadyBytes, connection.Path.PacketsReceived, connection.Path.BytesReceived, state.Frames.HeldBy(connection.Index), state.Store.Chunks.Count,
            state.Inbound.Count, ((PeerRegion)state.Frames.RegionOf(PayloadSlice.FrameOf(1, 0))).HeldCount, receive.Arrived.Count,
            state.Groups.Count, stream.Mode == TransportMode.Probabilistic ? CountsOf(state.Probabilistic[receive.Delivery].Receiving.Meter) : default);
    }

    private static (ulong Received, ulong Lost, ulong Runs) CountsOf(in LossMeter meter) => (meter.Received, meter.Lost, meter.Runs);

    private sealed record Summary(
        ReasonCode Reason, ulong Next, ulong Highest, ulong FinalSize, int Buffered, uint Dropped, ulong Consumed, ulong Received, long ReadyBytes, ulong PacketsReceived,
        ulong BytesReceived, int Frames, int Chunks, int Records, int PeerFrames, int Gaps, int Groups, (ulong Received, ulong Lost, ulong Runs) Meter);
}
