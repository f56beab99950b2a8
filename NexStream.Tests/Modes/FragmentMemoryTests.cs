using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

/// <summary>What a message that is being put together holds is bounded by what came of it: short runs share frames.</summary>
[TestFixture]
public sealed class FragmentMemoryTests
{
    /// <summary>More than short runs that share frames take, and far fewer than one for each.</summary>
    private const int FramesFew = 20;

    // Frames hold little less or little more than a packet, so that a fragment lies in two, with a few bytes in one of them.
    [Test]
    public void LongestMessage_OverSharedMemory_Arrives([Values(1000, 1200, 1280, 1400, 2048, 4096)] int frameSize, [Values] bool usesPrediction)
    {
        var connection = new ConnectionConfig { MaxFrameLength = ConnectionConfig.FrameLengthMin, SendBuffer = 1 << 22 };
        StreamHandle reader = default;
        EndpointConfig Config(byte node) => ReferencePair.ConfigOf(node, connection) with { MaxConnections = 1 };
        var pair = new ReferencePair(Config(1), Config(2), frameSize, 1024, 64) { BurstLength = 20 };
        pair.Client.Endpoint.State.UsesPrediction = usesPrediction;
        pair.Server.Endpoint.State.UsesPrediction = usesPrediction;
        pair.Server.OnEvent = item => reader = item.Kind == EventKind.StreamOpened ? item.Stream : reader;
        pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle handle);
        pair.Settle();
        handle.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out StreamHandle sender);
        byte[] message = new byte[sender.MessageLengthMax];
        new SeededRandom(7).Fill(message);
        Assert.That(sender.Send(message).Status, Is.EqualTo(CallStatus.Ok));
        byte[] destination = new byte[message.Length];
        ReceiveResult result = default;
        for (int i = 0; i < 1000 && result.Bytes == 0; i++)
        {
            pair.Settle();
            pair.Advance(Instant.Millisecond);
            pair.Settle();
            result = reader.Receive(destination);
        }

        Assert.That((result.Status, result.Bytes), Is.EqualTo((CallStatus.Ok, message.Length)));
        Assert.That(destination, Is.EqualTo(message));
    }

    [Test]
    public void TinyFragmentsInOrder_OfManyMessages_ShareFrames()
    {
        var pair = new Pair(connection: new ConnectionConfig { MaxMessageLength = 10_000 }, frameCount: 1024);
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        pair.RunFor(Instant.Second);
        EndpointState state = pair.Server.Endpoint.State;
        int before = state.Frames.Arena.FreeCount;
        const int Messages = 200;
        for (int packet = 0; packet < 2 * Messages; packet++)
        {
            var frame = new DataFrame
            {
                Mode = TransportMode.ReliableUnordered,
                StreamId = client.Id,
                Position = (uint)packet / 2,
                MessageLength = 10,
                FragmentOffset = (uint)packet % 2,
            };
            Forge.Inject(pair, pair.Server, (ref Core.Wire.FrameWriter writer) => frame.TryWrite(ref writer), [1]);
        }

        Assert.That(state.Inbound.Count, Is.EqualTo(Messages));
        Assert.That(before - state.Frames.Arena.FreeCount, Is.LessThan(FramesFew));
    }
}
