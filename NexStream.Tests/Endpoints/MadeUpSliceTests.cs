using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Modes;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// Slices that no frame has, in the middle of a train, as the fuzzer makes them up: they are refused, and not by an overflow on the way there.
/// </summary>
[TestFixture]
public sealed class MadeUpSliceTests
{
    private const int FrameSize = 1216;
    private const int Size = 1200;
    private const int Messages = 10;

    private const int LargestFrame = 1 << 30;

    /// <summary>Nothing is read there.</summary>
    private const nint NowhereAddress = 4096;

    private static readonly TransportMode[] s_modes =
        [TransportMode.ReliableOrdered, TransportMode.ReliableUnordered, TransportMode.BestEffort, TransportMode.Probabilistic];

    private static readonly (int Offset, int Length)[] s_slices =
    [
        (0, -1), (0, int.MinValue), (0, int.MaxValue), (-1, Size), (int.MinValue, Size), (int.MaxValue, Size), (FrameSize - Size + 1, Size), (-1, -1), (0, FrameSize + 1),
    ];

    /// <summary>A peer says how large its frames are, and a packet may name several slices of one.</summary>
    [Test]
    public void Frame_WithMoreBytesThanAnIntegerCounts_IsMalformed([Range(2, 8)] int slices)
    {
        var pair = new Pair();
        var region = new PeerRegion(NowhereAddress, LargestFrame, frameCount: 1, new Nobody());
        pair.Server.Endpoint.RegisterRegion(region);
        PayloadSlice[] payload = [.. Enumerable.Repeat(new PayloadSlice(PayloadSlice.FrameOf(region.Number, 0), 0, LargestFrame), slices)];
        byte[] head = new byte[PacketHeader.Size];
        var header = new LinkHeader { PayloadLength = unchecked((uint)(head.Length + ((long)slices * LargestFrame))), Destination = Pair.ServerNode };
        pair.Server.Endpoint.Receive(new LinkFrame(header, head, payload), pair.Now);
        Assert.That(pair.Server.Endpoint.Statistics.MalformedDropped, Is.EqualTo(1));
        Assert.That(region.HeldCount, Is.Zero);
    }

    [TestCase(1, true)]
    [TestCase(2, false)]
    [TestCase(4, false, Description = "they come to nothing in 32 bits")]
    public void CanAdopt_MoreBytesThanAnIntegerCounts_IsRefused(int slices, bool isTaken)
    {
        var frames = new FrameTable(new FrameArena(FrameSize, 4), 1);
        var region = new PeerRegion(NowhereAddress, LargestFrame, frameCount: 16, new Nobody());
        frames.Register(region);
        var memory = new MemoryShare(0);
        memory.Reset(64);
        PayloadSlice[] payload = [.. Enumerable.Repeat(new PayloadSlice(PayloadSlice.FrameOf(region.Number, 0), 0, LargestFrame), slices)];
        Assert.That(frames.CanAdopt(payload, memory, 257, out _), Is.EqualTo(isTaken));
    }

    [Test]
    public void Train_WithASliceThatNoFrameHas_DropsThePacketOnly(
        [ValueSource(nameof(s_modes))] TransportMode mode, [ValueSource(nameof(s_slices))] (int Offset, int Length) slice)
    {
        // Each packet carries one piece: of bytes as many as fit, of messages one, beside the longest head.
        int frameLength = Size + (mode == TransportMode.ReliableOrdered ? LinkHeader.Size + OrderedHead.Size : -MessageSender.DatagramLengthMax(0));
        var connection = new ConnectionConfig { MaxFrameLength = frameLength };
        var pair = new ReferencePair(ReferencePair.ConfigOf(1, connection), ReferencePair.ConfigOf(2, connection), FrameSize, frameCount: 256);
        StreamHandle reading = default;
        pair.Server.OnEvent = item => reading = item.Kind == EventKind.StreamOpened ? item.Stream : reading;
        pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle client);
        pair.Settle();
        client.OpenStream(new StreamConfig(mode), out StreamHandle sending);
        for (int i = 0; i < Messages; i++)
        {
            // Until the opening is acknowledged, and packets carry nothing but data.
            sending.Send(new byte[Size]);
            pair.Settle();
            pair.Advance(30 * Instant.Millisecond);
            pair.Settle();
        }

        for (int i = 0; i < Messages; i++)
        {
            Assert.That(sending.Send(new byte[Size]).Bytes, Is.EqualTo(Size));
        }

        pair.Drain();
        ulong inTrains = pair.Server.Endpoint.State.ReceivedInTrains;
        for (int i = 0; i < Messages / 2; i++)
        {
            pair.Deliver();
        }

        pair.DeliverAs(slice.Offset, slice.Length);
        Assert.That(pair.Server.Endpoint.State.ReceivedInTrains, Is.GreaterThan(inTrains), "It came in the middle of a train.");
        Assert.That(pair.Server.Endpoint.Statistics.MalformedDropped, Is.EqualTo(1));
        pair.DeliverAll();
        pair.Settle();
        for (int i = 0; i < Messages; i++)
        {
            pair.Advance(Instant.Second);
            pair.Settle();
        }

        int expected = mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered ? 2 * Messages : (2 * Messages) - 1;
        int read = 0;
        for (ReceiveResult result = reading.Receive(new byte[Size]); result.Status == CallStatus.Ok; result = reading.Receive(new byte[Size]))
        {
            read++;
        }

        Assert.That(read, Is.EqualTo(expected));
    }

    private sealed class Nobody : IFrameReleaser
    {
        public void Release(int index, int holds)
        {
            // The frames are nowhere.
        }
    }
}
