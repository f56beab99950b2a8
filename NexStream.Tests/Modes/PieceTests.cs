using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

/// <summary>A message that lies in one piece is named by its record alone: it needs no chunk, whether it waits to be sent or to be read.</summary>
[TestFixture]
public sealed class PieceTests
{
    private const int Short = 100;
    private const int OnePacket = 900;

    // Frames of the arena have 2 KB here, and a packet carries less.
    private const int OneFrame = 1900;
    private const int ThreeFrames = 5000;

    [TestCase(TransportMode.ReliableUnordered, Short, 0)]
    [TestCase(TransportMode.ReliableUnordered, OnePacket, 0)]
    [TestCase(TransportMode.ReliableUnordered, OneFrame, 0)]
    [TestCase(TransportMode.ReliableUnordered, ThreeFrames, 3)]
    [TestCase(TransportMode.BestEffort, Short, 0)]
    [TestCase(TransportMode.BestEffort, OnePacket, 0)]
    [TestCase(TransportMode.Probabilistic, OnePacket, 0)]
    public void Send_Message_TakesChunksOnlyForSeveralPieces(TransportMode mode, int length, int chunks)
    {
        Pair pair = Connected(mode, out StreamHandle client, out _);
        EndpointState state = pair.Client.Endpoint.State;
        int free = state.Frames.Arena.FreeCount;
        Assert.That(client.Send(new byte[length]).Status, Is.EqualTo(CallStatus.Ok));
        Assert.That(state.Store.Chunks.Count, Is.EqualTo(chunks));
        Assert.That(state.Messages[state.Streams[client.Index].Send.MessageUnsent].Piece.Length, Is.EqualTo(chunks == 0 ? length : 0));

        client.Reset(ReasonCode.ApplicationBase);
        pair.RunFor(Instant.Second);
        Assert.That(state.Store.Chunks.Count, Is.Zero);
        Assert.That(state.Frames.Arena.FreeCount, Is.AtLeast(free - 1), "One frame may stay, for small payloads of others.");
    }

    [TestCase(TransportMode.ReliableUnordered, Short, true)]
    [TestCase(TransportMode.ReliableUnordered, OnePacket, true)]
    [TestCase(TransportMode.ReliableUnordered, ThreeFrames, false)]
    [TestCase(TransportMode.BestEffort, OnePacket, true)]
    [TestCase(TransportMode.Probabilistic, OnePacket, true)]
    public void Receive_Message_TakesChunksOnlyForSeveralPieces(TransportMode mode, int length, bool isOnePiece)
    {
        Pair pair = Connected(mode, out StreamHandle client, out StreamHandle server);
        byte[] message = new byte[length];
        new Random(length).NextBytes(message);
        client.Send(message);
        pair.RunFor(Instant.Second);
        EndpointState state = pair.Server.Endpoint.State;
        Assert.That(state.Inbound[state.Streams[server.Index].Receive.MessageHead].IsWhole, Is.EqualTo(isOnePiece));
        Assert.That(state.Store.Chunks.Count, isOnePiece ? Is.Zero : Is.GreaterThan(1));

        byte[] read = new byte[length];
        Assert.That(server.Receive(read).Bytes, Is.EqualTo(length));
        Assert.That(read, Is.EqualTo(message));
        Assert.That(state.Store.Chunks.Count, Is.Zero);
    }

    [Test]
    public void Reset_WholeMessageUnread_GivesItsFrameBack()
    {
        Pair pair = Connected(TransportMode.ReliableUnordered, out StreamHandle client, out StreamHandle server);
        int held = pair.Server.Connection.Statistics.FramesHeld;
        client.Send(new byte[OnePacket]);
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Connection.Statistics.FramesHeld, Is.GreaterThan(held));
        server.Reset(ReasonCode.ApplicationBase);
        pair.RunFor(Instant.Second);
        Assert.That(pair.Server.Connection.Statistics.FramesHeld, Is.EqualTo(held));
    }

    private static Pair Connected(TransportMode mode, out StreamHandle client, out StreamHandle server)
    {
        var pair = new Pair();
        pair.Connect();
        (client, server) = pair.Open(new StreamConfig(mode));
        pair.RunFor(Instant.Second);
        server.ReadAll();
        return pair;
    }
}
