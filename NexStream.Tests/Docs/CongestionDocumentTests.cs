using System.Net;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;
using NexStream.Tests.Support;

namespace NexStream.Tests.Docs;

/// <summary>The controller that docs/congestion.md shows works.</summary>
[TestFixture]
internal sealed class CongestionDocumentTests
{
    [Test]
    public void CustomController_ChosenByName_CarriesData()
    {
        var network = new NetworkConditions { Loss = 0.02, Rate = 2_000_000 };
        var pair = new Pair(network: network, connection: new ConnectionConfig { Congestion = "aimd" }, configure: c => c with { CongestionChoices = [new AdditiveIncreaseFactory()] });
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        byte[] buffer = new byte[64 * 1024];
        int received = 0;
        int sent = 0;
        pair.RunUntil(() =>
        {
            sent += sent < 500_000 ? client.Send(buffer.AsSpan(0, Math.Min(buffer.Length, 500_000 - sent))).Bytes : 0;
            while (server.Receive(buffer) is { Status: CallStatus.Ok } result)
            {
                received += result.Bytes;
            }

            return received == 500_000;
        });
        Assert.That(pair.Client.Connection.Statistics.Path.PacketsLost, Is.GreaterThan(0));
        Assert.That(pair.Client.Connection.Statistics.Path.SlowStartThreshold, Is.Zero, "it is this controller's");
        Assert.That(pair.Client.Connection.Statistics.Path.DeliveryRate, Is.GreaterThan(0));
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed), Is.False);
    }

    [Test]
    public Task CustomController_OfAHost_CarriesData() => ShortExamples.UseControllerAsync(async host =>
    {
        await using NexStreamHost server = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
        NexStreamConnection connection = await host.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.LocalEndPoint!.Port));
        NexStreamConnection accepted = await server.AcceptAsync();
        NexStreamStream stream = await connection.OpenStreamAsync(TransportMode.ReliableOrdered);
        await stream.SendAsync(new byte[100_000]);
        await stream.FinishAsync();
        using MemoryStream got = new();
        await (await accepted.AcceptStreamAsync()).AsStream().CopyToAsync(got);
        Assert.That(got.Length, Is.EqualTo(100_000));
        Assert.That(new UdpHostOptions().Endpoint.Congestion.Name, Is.EqualTo("cubic"), "the sample changes something");
    });

    [Test]
    public void Connections_OfOneEndpoint_ChooseDifferentControllers()
    {
        var config = new EndpointConfig { Node = new NodeId(1, 1), Key = new byte[EndpointConfig.KeySize], CongestionChoices = [CongestionControllers.Bbr, CongestionControllers.None] };
        var endpoint = new Endpoint(config, new Core.Buffers.FrameArena(2048, 256));
        var now = new Instant(Instant.Second);
        foreach (string? name in new[] { null, "cubic", "bbr", "none" })
        {
            Assert.That(endpoint.Connect(new NodeId(2, 2), now, out ConnectionHandle connection, new ConnectionConfig { Congestion = name }), Is.EqualTo(CallStatus.Ok));
            Assert.That(endpoint.State.Connections[connection.Index].Path.Congestion.Controller.Name, Is.EqualTo(name ?? "cubic"));
        }

        ArgumentException? failure = Assert.Throws<ArgumentException>(() => endpoint.Connect(new NodeId(2, 2), now, out _, new ConnectionConfig { Congestion = "reno" }));
        Assert.That(failure!.Message, Does.Contain("reno").And.Contain("CongestionChoices"));
    }
}
