using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>
/// Found by the fuzzer, in made-up traces: slices that no frame has, in the middle of a train. They are refused, and not by an overflow on the way there.
/// </summary>
[TestFixture]
public sealed class MadeUpSliceTests
{
    private const int FrameSize = 1216;
    private const int Size = 1200;
    private const int Messages = 10;

    private static readonly TransportMode[] s_modes =
        [TransportMode.ReliableOrdered, TransportMode.ReliableUnordered, TransportMode.BestEffort, TransportMode.Probabilistic];

    private static readonly (int Offset, int Length)[] s_slices =
    [
        (0, -1), (0, int.MinValue), (0, int.MaxValue), (-1, Size), (int.MinValue, Size), (int.MaxValue, Size), (FrameSize - Size + 1, Size), (-1, -1), (0, FrameSize + 1),
    ];

    [Test]
    public void Train_WithASliceThatNoFrameHas_DropsThePacketOnly(
        [ValueSource(nameof(s_modes))] TransportMode mode, [ValueSource(nameof(s_slices))] (int Offset, int Length) slice)
    {
        // Each packet carries one piece: of bytes as many as fit, of messages one, beside the longest head.
        int frameLength = Size + (mode == TransportMode.ReliableOrdered ? LinkHeader.Size + OrderedHead.Size : 116);
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
        Assert.That(pair.Server.Endpoint.Statistics.MalformedDropped, Is.EqualTo(1));
        pair.DeliverAll();
        pair.Settle();
        Assert.That(pair.Server.Endpoint.State.ReceivedInTrains, Is.GreaterThan(inTrains));
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
}
