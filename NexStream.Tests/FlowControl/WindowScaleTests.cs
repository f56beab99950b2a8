using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.FlowControl;

/// <summary>The window of an RO stream that DATA_ACK tells is shifted by what the peer said when it connected (docs/wire-format.md), whatever this side's own shift is.</summary>
[TestFixture]
public sealed class WindowScaleTests
{
    private const ulong Tag = 1 << 20;
    private const uint Window = 5_000_000;

    [Test]
    public void DataAck_OfAnOrderedStream_IsShiftedByThePeersScale([Values(0, 7, 14)] int scale) =>
        Assert.That(LimitAfter(TransportMode.ReliableOrdered, scale), Is.EqualTo((ulong)Window << scale));

    [Test]
    public void DataAck_OfMessages_IsNotShifted() => Assert.That(LimitAfter(TransportMode.ReliableUnordered, scale: 7), Is.EqualTo((ulong)Window));

    /// <summary>What a stream may send, above its first number, when a peer of that scale has told it the window.</summary>
    private static ulong LimitAfter(TransportMode mode, int scale)
    {
        var pair = new Pair();
        Inject(pair, 0, tag: 0, (ref FrameWriter w) => new ConnInitFrame
        {
            Version = ProtocolVersion.Current,
            Node = Pair.ClientNode,
            MaxStreams = 10,
            Parameters = new TransportParameters { Tag = Tag, MaxFrameLength = 1500, MaxMessageLength = 1000, WindowScale = (byte)scale },
        }.TryWrite(ref w));
        EndpointState state = pair.Server.Endpoint.State;
        Connection connection = state.Connections.Single(c => c.Path?.PeerTag == Tag);
        uint id = StreamId.FromOrdinal(0, client: true);
        Inject(pair, 1, connection.LocalTag, (ref FrameWriter w) => new StreamOpenFrame { StreamId = id, Mode = mode }.TryWrite(ref w));
        int stream = connection.Streams.Head;
        ulong first = state.Streams[stream].Send.Window.Used;
        var acknowledgement = new StreamDataAckFrame { StreamId = id, AckNumber = unchecked((uint)first), WindowUpdate = Window };
        Inject(pair, 2, connection.LocalTag, (ref FrameWriter w) => acknowledgement.TryWrite(ref w));
        return state.Streams[stream].Send.Window.Limit - first;
    }

    private static void Inject(Pair pair, uint number, ulong tag, Forge.Content content) =>
        pair.Inject(pair.Server, Forge.Packet(pair, pair.Server, number, content, default, tag));
}
