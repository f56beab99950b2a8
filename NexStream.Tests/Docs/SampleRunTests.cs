using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NexStream.Connections;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;
using NexStream.Replay.Running;
using NexStream.Tests.Driver;
using NexStream.Tests.Hosting;

namespace NexStream.Tests.Docs;

/// <summary>The short samples of the documents do what the text around them says.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed class SampleRunTests
{
    private static readonly NodeId s_here = new(1, 1);
    private static readonly NodeId s_there = new(2, 2);
    private static readonly Instant s_now = new(Instant.Second);

    [Test]
    public void Choice_OfAController_IsTheConnections()
    {
        (Endpoint endpoint, ConnectionHandle connection) = ShortExamples.ChooseController(s_here, new byte[EndpointConfig.KeySize], new FrameArena(2048, 256), s_there, s_now);
        Assert.That(endpoint.State.Connections[connection.Index].Path.Congestion.Controller.Name, Is.EqualTo("bbr"));
    }

    [Test]
    public void Telemetry_OfADriver_IsShownToOtherProcessesUntilItEnds()
    {
        using DriverNode node = new(LinkLibrary.Load(LinkPreference.Managed), 1);
        bool isShown = false;
        ShortExamples.Watch(node.Driver, () =>
        {
            node.Poll(s_now);
            isShown = IsShown("orders");
        });
        Assert.That(isShown, Is.True);
        Assert.That(IsShown("orders"), Is.False);
    }

    [Test]
    public async Task Telemetry_OfAHost_IsShownToOtherProcessesUntilItEnds()
    {
        const int PollMs = 10;
        await ShortExamples.WatchHostAsync(async _ =>
        {
            while (!IsShown("shop"))
            {
                await Task.Delay(PollMs);
            }
        });
        Assert.That(IsShown("shop"), Is.False);
    }

    [Test]
    public async Task Statistics_OfAConnectionAndAStream_AreTheirs()
    {
        await using HostPair pair = new();
        (NexStreamStream stream, _) = await pair.OpenAsync();
        Assert.That(await ShortExamples.DescribeAsync(stream.Connection, stream), Does.Match("^0 of [1-9][0-9]* packets lost, [1-9][0-9]* ns there and back, [0-9]+ bytes on their way$"));
    }

    [Test]
    public void Recording_OfAnEndpoint_Replays()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.nxtrace");
        try
        {
            int packets = 0;
            ShortExamples.Record(path, new EndpointConfig { Node = s_here, Key = new byte[EndpointConfig.KeySize] }, new FrameArena(2048, 256), endpoint =>
            {
                Transmission packet = new();
                endpoint.Connect(s_there, s_now, out _);
                while (endpoint.TryTransmit(s_now, packet))
                {
                    packets++;
                }
            });
            Assert.That(packets, Is.Positive);
            using FileStream file = File.OpenRead(path);
            ReplayResult result = Replayer.Run(file);
            Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical));
            Assert.That(result.Damage, Is.Null);
            Assert.That(result.Calls, Is.GreaterThan(packets));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void Orleans_SiloAndClient_AreOverNexStream()
    {
        HostApplicationBuilder silo = Host.CreateEmptyApplicationBuilder(null);
        HostApplicationBuilder client = Host.CreateEmptyApplicationBuilder(null);
        ShortExamples.UseOrleans(silo, client);
        foreach (HostApplicationBuilder builder in new[] { silo, client })
        {
            Assert.That(
                builder.Services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionFactory)).Select(service => service.KeyedImplementationFactory!(null!, null)),
                Has.Exactly(1).Items.And.All.InstanceOf<NexStreamConnectionFactory>());
        }
    }

    [Test]
    public async Task Web_Request_IsAnsweredOverNexStream()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebExample.Configure(builder);
        await using WebApplication application = builder.Build();
        application.MapGet("/", context => context.Response.Body.WriteAsync("over datagrams"u8.ToArray()).AsTask());
        await application.StartAsync();
        Uri address = new(application.Urls.Single());
        Assert.That(await WebExample.AskAsync(address), Is.EqualTo("over datagrams"));
        using HttpClient overTcp = new();
        await Assert.ThrowsAsync<HttpRequestException>(() => overTcp.GetStringAsync(address), "nobody listens there over TCP");
    }

    private static bool IsShown(string name) => TelemetryFiles.Read(Environment.ProcessId).Any(snapshot => snapshot.Name == name);
}
