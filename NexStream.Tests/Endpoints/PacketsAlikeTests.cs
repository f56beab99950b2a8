using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>Packets that are as the one before are written in a loop of their own, which must leave off where the host has no more places, and where one has more to say.</summary>
[TestFixture]
public sealed class PacketsAlikeTests
{
    private const int FrameLength = 1240;
    private const int WindowPackets = 10;

    /// <summary>The largest message: it fits beside the longest head.</summary>
    private const int MessageLength = FrameLength - 116;

    /// <summary>So small that a sender asks for acknowledgements when it is full.</summary>
    private static readonly CongestionControllerFactory s_small = new("fixed", () => new FixedWindow(WindowPackets * FrameLength));

    [Test]
    public void Transmit_FewerPlacesThanMessages_CountsThoseThatLeft()
    {
        const int Messages = 10;
        const int Places = 4;
        ReferencePair pair = Open(TransportMode.BestEffort, CongestionControllers.None, out StreamHandle stream);
        for (int i = 0; i < Messages; i++)
        {
            Assert.That(stream.Send(new byte[MessageLength]).Status, Is.EqualTo(CallStatus.Ok));
        }

        // After a pause the first goes by itself.
        Assert.That(Transmit(pair, 1), Has.Length.EqualTo(1));
        ulong before = StateOf(pair, stream).Send.Window.Used;
        Assert.That(Transmit(pair, Places), Has.Length.EqualTo(Places));

        const int Left = (Messages - 1 - Places) * MessageLength;
        Assert.That(StateOf(pair, stream).Send.Window.Used, Is.EqualTo(before + Places));
        Assert.That(stream.Statistics.SendBuffered, Is.EqualTo(Left));
        Assert.That(ConnectionOf(pair).SendBuffered, Is.EqualTo(Left));
    }

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.BestEffort)]
    public void Transmit_LastOfASmallWindow_AsksForItsAcknowledgement(TransportMode mode)
    {
        ReferencePair pair = Open(mode, s_small, out StreamHandle stream);
        Core.State.Path path = ConnectionOf(pair).Path;
        int head = LinkHeader.Size + (mode == TransportMode.BestEffort ? DataHead.Size : OrderedHead.Size);
        int length = mode == TransportMode.BestEffort ? MessageLength : FrameLength - head;
        for (int i = 0; i < WindowPackets + 1; i++)
        {
            Assert.That(stream.Send(new byte[length]).Status, Is.EqualTo(CallStatus.Ok));
        }

        Transmission[] burst = [.. Transmit(pair, 1), .. Transmit(pair, WindowPackets - 1)];

        Assert.That(path.BytesInFlight, Is.EqualTo(WindowPackets * (head + length)));
        Assert.That(burst.Select(IsAskedAtOnce), Is.EqualTo(Enumerable.Repeat(false, WindowPackets - 1).Append(true)));
    }

    // The window is full in the middle of a message.
    [Test]
    public void Transmit_FragmentsThatFillASmallWindow_AskForTheirAcknowledgementWithTheLast()
    {
        const int Room = FrameLength - LinkHeader.Size - MessageHead.ReliableSize;
        ReferencePair pair = Open(TransportMode.ReliableUnordered, s_small, out StreamHandle stream, frameSize: 2 * WindowPackets * 1216);
        Assert.That(stream.Send(new byte[3 * WindowPackets / 2 * Room]).Status, Is.EqualTo(CallStatus.Ok));

        Transmission[] burst = [.. Transmit(pair, 1), .. Transmit(pair, WindowPackets - 1)];

        Assert.That(ConnectionOf(pair).Path.BytesInFlight, Is.EqualTo(WindowPackets * FrameLength));
        Assert.That(burst.Select(IsAskedAtOnce), Is.EqualTo(Enumerable.Repeat(false, WindowPackets - 1).Append(true)));
    }

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.BestEffort)]
    public void Transmit_NumberToSkipAmongThem_IsSkipped(TransportMode mode)
    {
        const int Packets = 8;
        ReferencePair pair = Open(mode, CongestionControllers.None, out StreamHandle stream);
        for (int i = 0; i < Packets; i++)
        {
            Assert.That(stream.Send(new byte[MessageLength]).Status, Is.EqualTo(CallStatus.Ok));
        }

        Core.State.Path path = ConnectionOf(pair).Path;
        ulong first = path.NextPacketNumber;
        ulong skipped = first + 4;
        path.NextSkip = skipped;
        Transmission[] burst = [.. Transmit(pair, 1), .. Transmit(pair, Packets)];

        ulong[] numbers = [.. Enumerable.Range(0, Packets + 1).Select(i => first + (uint)i).Where(number => number != skipped)];
        Assert.That(burst.Take(Packets).Select(packet => (ulong)HeaderOf(packet).PacketNumber), Is.EqualTo(numbers));
        Assert.That(path.SkippedNumber, Is.EqualTo(skipped));
    }

    private static bool IsAskedAtOnce(Transmission packet) => HeaderOf(packet).Flags == PacketHeader.AckNow;

    private static PacketHeader HeaderOf(Transmission packet) => PacketHeader.TryRead(packet.Head, out PacketHeader header) ? header : throw new AssertionException("It has no header.");

    private static Transmission[] Transmit(ReferencePair pair, int places)
    {
        Transmission[] burst = [.. Enumerable.Range(0, places).Select(_ => new Transmission())];
        return burst[..pair.Client.Endpoint.Transmit(pair.Now, burst)];
    }

    private static ReferencePair Open(TransportMode mode, ICongestionControllerFactory congestion, out StreamHandle stream, int frameSize = 1216)
    {
        var connection = new ConnectionConfig { MaxFrameLength = FrameLength };
        EndpointConfig Config(byte node) => ReferencePair.ConfigOf(node, connection) with { Congestion = congestion };
        var pair = new ReferencePair(Config(1), Config(2), frameSize, 256);
        pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle handle);
        pair.Settle();
        handle.OpenStream(new StreamConfig(mode), out stream);
        stream.Send(new byte[10]);
        pair.Settle();

        // Until the opening is acknowledged: the receiver waits no longer, and the sender does not ask again before.
        pair.Advance(10 * Instant.Millisecond);
        pair.Settle();
        return pair;
    }

    private static Connection ConnectionOf(ReferencePair pair) => pair.Client.Endpoint.State.Connections[0];

    private static StreamState StateOf(ReferencePair pair, StreamHandle stream) => pair.Client.Endpoint.State.Streams[stream.Index];
}
