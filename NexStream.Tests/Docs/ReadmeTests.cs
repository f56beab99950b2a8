using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tests.Docs;

/// <summary>What README.md shows is what compiles and runs.</summary>
[TestFixture]
internal sealed class ReadmeTests
{
    private static readonly NodeId s_client = new(0xC, 1);
    private static readonly NodeId s_server = new(0x5, 2);

    [Test]
    public void Readme_QuickStart_HasExactlyTwoCommands() =>
        Assert.That(
            DocumentBlock.All.First(block => block is { Document: "README.md", Language: "sh" }).Text,
            Is.EqualTo("dotnet run -c Release --project tools/nexstream -- demo\ndotnet test -c Release\n"));

    [Test]
    public void EchoLoop_MessageSent_ComesBack()
    {
        var toServer = new Queue<(LinkHeader, byte[])>();
        var toClient = new Queue<(LinkHeader, byte[])>();
        var server = new EchoLoop(Config(s_server), () => toServer.TryDequeue(out var frame) ? frame : null, (header, packet) => toClient.Enqueue((header, packet)));
        var client = new Endpoint(Config(s_client), new Core.Buffers.FrameArena(2048, 256));
        var now = new Instant(Instant.Second);
        client.Connect(s_server, now, out ConnectionHandle connection);
        StreamHandle stream = default;
        byte[] answer = new byte[16];
        ReceiveResult got = default;
        var transmission = new Transmission();
        for (int tick = 0; tick < 20 && got.Bytes == 0; tick++, now += 16 * Instant.Millisecond)
        {
            while (toClient.TryDequeue(out (LinkHeader Header, byte[] Packet) frame))
            {
                client.Receive(new LinkFrame(frame.Header, frame.Packet), now);
            }

            if (connection.IsOpen && stream == default)
            {
                connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out stream);
                stream.Send("hello"u8);
            }

            got = stream == default ? default : stream.Receive(answer);
            while (client.TryTransmit(now, transmission))
            {
                byte[] packet = [.. transmission.Head, .. transmission.Slices.ToArray().SelectMany(s => client.Arena.Bytes(s.Index, s.Offset, s.Length).ToArray())];
                toServer.Enqueue((transmission.Header, packet));
            }

            server.Tick(now);
        }

        Assert.That(answer.AsSpan(0, got.Bytes).ToArray(), Is.EqualTo("hello"u8.ToArray()));
    }

    private static EndpointConfig Config(NodeId node) => new() { Node = node, Key = new byte[EndpointConfig.KeySize] };
}
