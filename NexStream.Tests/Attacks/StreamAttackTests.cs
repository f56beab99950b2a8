using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Attacks;

/// <summary>Hostile data: offsets, sizes, lengths and patterns that cost the receiver more than the sender.</summary>
[TestFixture]
public sealed class StreamAttackTests
{
    private const uint Ordered = 1;
    private const uint Unordered = 3;

    [AttackRow(5)]
    [Test]
    public void GappedTinyFragments_OfAStream_AreCappedAndBounded([Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode)
    {
        Pair pair = Connected();
        for (uint i = 0; i < 2000; i++)
        {
            Inject(pair, mode, offset: 1 + (2 * i), [1], messageLength: 100_000);
        }

        Assert.That(pair.Server.Endpoint.State.Store.Chunks.Count, Is.LessThanOrEqualTo(70));
        Assert.That(pair.Server.Connection.Statistics.FramesHeld, Is.LessThanOrEqualTo(4));
        Assert.That(pair.Server.Connection.Statistics.DroppedForMemory, Is.GreaterThan(1000), "Dropped before it is acknowledged.");
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
    }

    [AttackRow(6)]
    [Test]
    public void OneByteAtTheFarEnd_AllocatesForOneByte([Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode)
    {
        Pair pair = Connected();
        int free = pair.Server.Endpoint.Statistics.ArenaFree;
        Inject(pair, mode, offset: 99_999, [1], messageLength: 100_000);
        Assert.That(free - pair.Server.Endpoint.Statistics.ArenaFree, Is.LessThanOrEqualTo(1));
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
    }

    [AttackRow(7)]
    [Test]
    public void DataPastTheStreamWindow_IsAViolation()
    {
        Pair pair = Connected();
        Data(pair, Ordered, (ulong)new ConnectionConfig().StreamReceiveWindow, [1]);
        AssertViolation(pair, ReasonCode.FlowControlViolation);
    }

    [AttackRow(7)]
    [Test]
    public void MessagePastTheStreamWindow_IsAViolation()
    {
        Pair pair = Connected();
        Message(pair, (ulong)new ConnectionConfig().StreamMessageWindow, 0, 1, [1]);
        AssertViolation(pair, ReasonCode.FlowControlViolation);
    }

    [AttackRow(7)]
    [Test]
    public void DataPastTheConnectionWindow_IsAViolation()
    {
        Pair pair = Connected(new ConnectionConfig { ReceiveWindow = 1000, ReceiveWindowMax = 1000, MaxMessageLength = 500 });
        Data(pair, Ordered, 1000, [1]);
        AssertViolation(pair, ReasonCode.FlowControlViolation);
    }

    [AttackRow(7)]
    [Test]
    public void MessagesPastTheConnectionWindow_AreAViolation()
    {
        Pair pair = Connected(new ConnectionConfig { ReceiveWindow = 1000, ReceiveWindowMax = 1000, MaxMessageLength = 500 });
        Message(pair, 0, 0, 400, [1]);
        Message(pair, 1, 0, 400, [1]);
        Message(pair, 2, 0, 400, [1]);
        AssertViolation(pair, ReasonCode.FlowControlViolation);
    }

    /// <summary>Its pieces could never all be kept: the share is 64 frames, 60 of them for what waits for something that is missing.</summary>
    [AttackRow(7)]
    [Test]
    public void MessageLongerThanTheShareCouldHold_IsAViolation()
    {
        var small = new ConnectionConfig { ArenaShare256 = 1 };
        int lengthMax = 60 * MessageSender.DatagramLengthMax(small.KnownFrameLength);
        Pair pair = Connected(small);
        Message(pair, 0, 0, (uint)lengthMax, [1]);
        Assert.That(pair.Server.Has(EventKind.ConnectionClosed), Is.False);
        Message(pair, 1, 0, (uint)lengthMax + 1, [1]);
        AssertViolation(pair, ReasonCode.MessageViolation);
    }

    [AttackRow(7)]
    [Test]
    public void Offset_ThatOverflows_IsRefused([Values(1UL << 62, (1UL << 62) + 1, ulong.MaxValue, ulong.MaxValue - 1)] ulong offset)
    {
        Pair pair = Connected();
        Data(pair, Ordered, offset, [1, 2, 3]);
        Assert.That(Closed(pair).Reason, Is.AnyOf(ReasonCode.FlowControlViolation, ReasonCode.FrameEncodingError));
    }

    [AttackRow(7)]
    [Test]
    public void FinalCharge_ThatOverflows_IsRefused([Values(1UL << 62, ulong.MaxValue)] ulong charge)
    {
        Pair pair = Connected();
        Data(pair, Ordered, 0, new byte[500]);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new StreamResetFrame { StreamId = Unordered, FinalCharge = charge }.TryWrite(ref w));
        Assert.That(Closed(pair).Reason, Is.AnyOf(ReasonCode.FlowControlViolation, ReasonCode.FrameEncodingError));
    }

    [AttackRow(16)]
    [Test]
    public void SameBytesAgain_WithOtherContent_NeverChangeWhatWasDelivered()
    {
        Pair pair = Connected();
        StreamHandle stream = Find(pair, Ordered);
        Data(pair, Ordered, 4, [5, 6, 7, 8]);
        Data(pair, Ordered, 2, [91, 92, 93, 94, 95, 96, 97, 98]);
        Data(pair, Ordered, 0, [1, 2, 99, 99, 99, 99]);
        Data(pair, Ordered, 0, [77, 77, 77, 77]);
        Assert.That(stream.ReadAll().SelectMany(b => b), Is.EqualTo(new byte[] { 1, 2, 91, 92, 5, 6, 7, 8, 97, 98 }), "The first copy of each byte counts, read or not.");
        Data(pair, Ordered, 0, [66, 66]);
        Assert.That(stream.ReadAll(), Is.Empty, "What was read is never given out again.");
    }

    [AttackRow(16)]
    [Test]
    public void SameFragmentAgain_WithOtherContent_TheFirstCounts()
    {
        Pair pair = Connected();
        Message(pair, 0, 0, 4, [1, 2]);
        Message(pair, 0, 0, 4, [9, 9]);
        Message(pair, 0, 1, 4, [8, 8, 8]);
        Assert.That(Find(pair, Unordered).ReadAll().Single(), Is.EqualTo(new byte[] { 1, 2, 8, 8 }));
        Message(pair, 0, 0, 4, [7, 7, 7, 7]);
        Assert.That(Find(pair, Unordered).ReadAll(), Is.Empty, "A message is delivered once.");
    }

    [AttackRow(17)]
    [Test]
    public void FinalSize_Changed_IsAViolation([Values(9UL, 11UL)] ulong second)
    {
        Pair pair = Connected();
        Data(pair, Ordered, 9, [1], fin: true);
        Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new StreamCloseFrame { StreamId = Ordered, FinalSize = second }.TryWrite(ref w));
        AssertViolation(pair, ReasonCode.FinalSizeViolation);
    }

    [AttackRow(17)]
    [Test]
    public void FinalSize_Exceeded_IsAViolation()
    {
        Pair pair = Connected();
        Data(pair, Ordered, 9, [1], fin: true);
        Data(pair, Ordered, 10, [1]);
        AssertViolation(pair, ReasonCode.FinalSizeViolation);
    }

    [AttackRow(17)]
    [Test]
    public void FinalSize_BelowWhatCame_IsAViolation()
    {
        Pair pair = Connected();
        Data(pair, Ordered, 50, [1]);
        Data(pair, Ordered, 9, [1], fin: true);
        AssertViolation(pair, ReasonCode.FinalSizeViolation);
    }

    [AttackRow(17)]
    [Test]
    public void FinalSizeOfMessages_Exceeded_IsAViolation()
    {
        Pair pair = Connected();
        Message(pair, 2, 0, 1, [1], fin: true);
        Message(pair, 3, 0, 1, [1]);
        AssertViolation(pair, ReasonCode.FinalSizeViolation);
    }

    [AttackRow(17)]
    [Test]
    public void FinalSizeOfMessages_BelowWhatCameBehindAGap_IsAViolation([Values] bool isWhole, [Values] bool byClose)
    {
        Pair pair = Connected();
        Message(pair, 5, 0, isWhole ? 1u : 2u, [1]);
        if (byClose)
        {
            Forge.Inject(pair, pair.Server, (ref FrameWriter w) => new StreamCloseFrame { StreamId = Unordered, FinalSize = 3 }.TryWrite(ref w));
        }
        else
        {
            Message(pair, 2, 0, 1, [1], fin: true);
        }

        AssertViolation(pair, ReasonCode.FinalSizeViolation);
    }

    [AttackRow(18)]
    [Test]
    public void SequenceAndPacketNumbers_Wrapping_DeliverExactlyOnce([Range(1, 4)] int seed)
    {
        var config = new ConnectionConfig { FirstPacketNumber = uint.MaxValue - 40, FirstSequence = uint.MaxValue - 20_000 };
        var pair = new Pair((ulong)seed, new NetworkConditions { Loss = 0.03, Duplicate = 0.05, Reorder = 0.05 }, config);
        Endpoints.DeliveryTests.TransferOrdered(pair, 200_000);
    }

    /// <summary>The packets right before the wrap never arrive: the first behind it is nevertheless known for a new one.</summary>
    [AttackRow(18)]
    [Test]
    public void PacketNumbers_LastBeforeTheWrapAreLost_TheConnectionGoesOn()
    {
        int lost = 0;
        var pair = new Pair(connection: new ConnectionConfig { FirstPacketNumber = uint.MaxValue - 40 });
        pair.Filter = (from, frame) =>
        {
            bool isLast = from == pair.Client && frame.Packet.PacketNumber >= uint.MaxValue - 2;
            lost += isLast ? 1 : 0;
            return !isLast;
        };
        Endpoints.DeliveryTests.TransferOrdered(pair, 200_000);
        Assert.That(lost, Is.GreaterThan(0));
    }

    [AttackRow(18)]
    [Test]
    public void AncientDuplicate_AfterManyPackets_IsNotDeliveredAgain()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.BestEffort));
        var recorded = new List<Pair.Frame>();
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Client && Frames.IsDataOf(frame, client.Id) && recorded.Count < 5)
            {
                recorded.Add(frame);
            }

            return true;
        };
        int read = 0;
        for (int i = 0; i < 500; i++)
        {
            client.Send([1]);
            pair.RunFor(2 * Instant.Millisecond);
            read += server.ReadAll(100).Count;
        }

        pair.RunFor(Instant.Second);
        read += server.ReadAll(100).Count;
        Assert.That(read, Is.EqualTo(500));
        foreach (Pair.Frame frame in recorded)
        {
            pair.Inject(pair.Server, frame);
        }

        Assert.That(server.ReadAll(100), Is.Empty);
        Assert.That(pair.Server.Connection.Statistics.Path.DuplicatesReceived, Is.GreaterThanOrEqualTo(5));
    }

    [AttackRow(19)]
    [Test]
    public void Message_OfNoLengthOrTooLong_IsRefusedBeforeAnythingIsAllocated([Values(0u, uint.MaxValue, 16u * 1024 * 1024 + 1)] uint length)
    {
        Pair pair = Connected();
        int free = pair.Server.Endpoint.Statistics.ArenaFree;
        Message(pair, 0, 0, length, [1]);
        Assert.That(Closed(pair).Reason, Is.AnyOf(ReasonCode.MessageViolation, ReasonCode.FrameEncodingError));
        Assert.That(pair.Server.Endpoint.Statistics.ArenaFree, Is.EqualTo(free));
        Assert.That(pair.Server.Endpoint.State.Inbound.Count, Is.Zero);
    }

    [AttackRow(19)]
    [Test]
    public void Fragment_PastTheEndOfItsMessage_IsAViolation()
    {
        Pair pair = Connected();
        Message(pair, 0, 8, 10, [1, 2, 3]);
        AssertViolation(pair, ReasonCode.MessageViolation);
    }

    [AttackRow(19)]
    [Test]
    public void Fragments_ThatDisagreeAboutTheLength_AreAViolation()
    {
        Pair pair = Connected();
        Message(pair, 0, 0, 10, [1, 2, 3]);
        Message(pair, 0, 5, 11, [1, 2, 3]);
        AssertViolation(pair, ReasonCode.MessageViolation);
    }

    [AttackRow(24)]
    [Test]
    public void OneByteReads_AreAnsweredByFewWindowUpdates()
    {
        var pair = new Pair(connection: new ConnectionConfig { StreamReceiveWindow = 10_000, StreamReceiveWindowMax = 10_000 });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        int updates = 0;
        pair.Filter = (from, frame) =>
        {
            updates += from == pair.Server ? Frames.PayloadsOf(frame, FrameType.WindowUpdate).Count : 0;
            return true;
        };
        client.Send(new byte[10_000]);
        pair.RunFor(Instant.Second);
        byte[] one = new byte[1];
        for (int i = 0; i < 10_000; i++)
        {
            Assert.That(server.Receive(one).Bytes, Is.EqualTo(1));
            pair.Settle();
        }

        pair.RunFor(Instant.Second);
        Assert.That(updates, Is.InRange(1, 3));
    }

    [AttackRow(25)]
    [Test]
    public void ReaderThatNeverReads_BoundsWhatIsHeldAndHindersNoOther()
    {
        var pair = new Pair(frameCount: 512, connection: new ConnectionConfig { SendBuffer = 256 * 1024 });
        pair.Connect();
        (StreamHandle hog, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        (StreamHandle other, StreamHandle reader) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        byte[] chunk = new byte[2000];
        int read = 0;
        pair.RunUntil(() =>
        {
            hog.Send(chunk);
            other.Send(chunk);
            read += reader.ReadAll().Sum(m => m.Length);
            pair.Settle();
            return read >= 1_000_000;
        });
        Assert.That(pair.Server.Connection.Statistics.FramesHeld, Is.LessThan(200));
    }

    [AttackRow(32)]
    [Test]
    public void Arena_ExhaustedByOneConnection_LeavesOthersTheirShare()
    {
        var pair = new Pair(
            frameCount: 128,
            connection: new ConnectionConfig { StreamReceiveWindow = 4 << 20, ReceiveWindow = 8 << 20, SendBuffer = 4 << 20, ArenaShare256 = 128 });
        pair.Connect();
        ConnectionHandle first = pair.Client.Connection;
        (StreamHandle hog, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        hog.FillUp(new byte[10_000]);
        pair.RunFor(5 * Instant.Second);
        hog.FillUp(new byte[10_000]);
        pair.RunFor(5 * Instant.Second);
        Assert.That(first.Statistics.FramesHeld, Is.LessThanOrEqualTo(64));

        pair.Client.Events.Clear();
        pair.Server.Events.Clear();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        int read = 0;
        byte[] chunk = new byte[5000];
        pair.RunUntil(() =>
        {
            client.Send(chunk);
            read += server.ReadAll().Sum(m => m.Length);
            pair.Settle();
            return read >= 300_000;
        });
    }

    [AttackRow(12)]
    [Test]
    public void HalfOpenFlood_WithoutCookies_KeepsNoStateBeyondTheThreshold([Values] CookieMode cookies)
    {
        var pair = new Pair(configure: c => c with { HalfOpenThreshold = 4, Cookies = cookies });
        pair.Filter = (_, _) => false;
        for (uint i = 1; i <= 1000; i++)
        {
            Pair.Frame frame = Init(pair, tag: ((ulong)i << 20) | 1, number: 0);
            pair.Inject(pair.Server, frame with { Header = frame.Header with { Source = new NodeId(i, i) } });
        }

        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.LessThanOrEqualTo(cookies == CookieMode.Always ? 0 : 4));
        pair.RunFor(100 * Instant.Second);
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.Zero);
        Assert.That(pair.Server.Events, Is.Empty, "Nobody who was not validated is shown to the application.");
    }

    [AttackRow(13)]
    [Test]
    public void Init_RepeatedReplayedAndReordered_MakesOneConnection()
    {
        var pair = new Pair();
        for (uint i = 0; i < 20; i++)
        {
            pair.Inject(pair.Server, Init(pair, tag: 1 << 20, number: i ^ 5));
        }

        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1));
    }

    [AttackRow(13)]
    [Test]
    public void Init_CrossingInit_MakesOneConnection([Range(1, 5)] int seed)
    {
        var pair = new Pair((ulong)seed);
        Assert.That(pair.Client.Endpoint.Connect(Pair.ServerNode, pair.Now, out _), Is.EqualTo(CallStatus.Ok));
        Assert.That(pair.Server.Endpoint.Connect(Pair.ClientNode, pair.Now, out _), Is.EqualTo(CallStatus.Ok));
        pair.RunFor(10 * Instant.Second);
        Assert.That(pair.Client.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1));
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.EqualTo(1));
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
    }

    private static Pair.Frame Init(Pair pair, ulong tag, uint number) => Forge.Packet(
        pair,
        pair.Server,
        number,
        (ref FrameWriter w) => new ConnInitFrame
        {
            Version = ProtocolVersion.Current,
            Node = Pair.ClientNode,
            MaxStreams = 10,
            MaxData = 1000,
            Parameters = new TransportParameters { Tag = tag, MaxFrameLength = 1500, MaxMessageLength = 1000, WindowScale = 14 },
        }.TryWrite(ref w),
        default,
        0);

    private static void Inject(Pair pair, TransportMode mode, ulong offset, byte[] bytes, uint messageLength)
    {
        if (mode == TransportMode.ReliableOrdered)
        {
            Data(pair, Ordered, offset, bytes);
        }
        else
        {
            Message(pair, 0, (uint)offset, messageLength, bytes);
        }
    }

    private static void Data(Pair pair, uint stream, ulong offset, byte[] bytes, bool fin = false) => Forge.Inject(
        pair,
        pair.Server,
        (ref FrameWriter w) => new DataFrame { Mode = TransportMode.ReliableOrdered, StreamId = stream, Position = offset, Fin = fin }.TryWrite(ref w),
        bytes);

    private static void Message(Pair pair, ulong number, uint offset, uint length, byte[] bytes, bool fin = false) => Forge.Inject(
        pair,
        pair.Server,
        (ref FrameWriter w) => new DataFrame
        {
            Mode = TransportMode.ReliableUnordered,
            StreamId = Unordered,
            Position = number,
            MessageLength = length,
            FragmentOffset = offset,
            Fin = fin,
        }.TryWrite(ref w),
        bytes);

    private static StreamHandle Find(Pair pair, uint id) => pair.Server.Events.Last(e => e.Kind == EventKind.StreamOpened && e.Stream.Id == id).Stream;

    private static EndpointEvent Closed(Pair pair) => pair.Server.Events.Single(e => e.Kind == EventKind.ConnectionClosed);

    private static void AssertViolation(Pair pair, ReasonCode reason) => Assert.That(Closed(pair).Reason, Is.EqualTo(reason));

    /// <summary>A connection on which the client has opened an RO stream and an RU stream, and on which the server's answers are lost from now on.</summary>
    private static Pair Connected(ConnectionConfig? config = null)
    {
        var pair = new Pair(connection: config);
        pair.Connect();
        pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        pair.RunFor(Instant.Second);
        pair.Filter = (_, _) => false;
        return pair;
    }
}
