using System.Net;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;
using NexStream.Tests.Driver;

namespace NexStream.Tests.Hosting;

/// <summary>A host with a name is seen from its thread's first turn until it is disposed of, whatever is still lent; and a host over a driver has what the driver has.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class HostTelemetryTests
{
    private const int PollMs = 10;

    private static readonly IPEndPoint s_anyPort = new(IPAddress.Loopback, 0);
    private readonly string _name = $"host {Guid.NewGuid()}";

    [TearDown]
    public void Restore() => TestLinks.MayReceive = null;

    [Test]
    public async Task Telemetry_OfAUdpHost_ShowsItUntilItIsDisposedOf()
    {
        await using NexStreamHost server = NexStreamHost.OpenUdp(s_anyPort);
        await using NexStreamHost client = Open(s_anyPort, new NexStreamHostOptions { TelemetryName = _name, Telemetry = new TelemetryOptions { IntervalNs = 1, ConnectionsMax = 7 } });
        NexStreamConnection connection = await client.ConnectAsync(server.LocalEndPoint!);
        NexStreamStream stream = await connection.OpenStreamAsync(TransportMode.ReliableOrdered);
        SendLease lease = await stream.LeaseAsync();
        TelemetrySnapshot? shown = Shown();
        while (shown is not { Connections.Length: 1, Streams.Length: 1 })
        {
            await Task.Delay(PollMs);
            shown = Shown();
        }

        Assert.That(shown.Header.ConnectionCapacity, Is.EqualTo(7));
        await client.DisposeAsync();
        Assert.That(Shown(), Is.Null, "although a lease keeps its memory");
        lease.Dispose();
    }

    [Test]
    public async Task Telemetry_BeginsBeforeTheThread()
    {
        DriverNode node = new(TestLinks.Library, 1);
        DriverNode peer = new(TestLinks.Library, 2);
        DriverNode.Join(node, peer, 256);
        bool? wasThere = null;
        using ManualResetEventSlim turned = new();
        TestLinks.MayReceive = () =>
        {
            wasThere ??= node.Driver.Telemetry is not null;
            turned.Set();
            return true;
        };
        await using NexStreamHost host = new(node.Driver, new NexStreamHostOptions { TelemetryName = _name, Telemetry = new TelemetryOptions { IsShared = false } }, node.Memory);
        turned.Wait();
        TestLinks.MayReceive = null;
        Assert.That(wasThere, Is.True);
        peer.Dispose();
    }

    [Test]
    public async Task Telemetry_WithoutAName_IsRefused()
    {
        Assert.That(
            Assert.Throws<ArgumentException>(() => NexStreamHost.OpenUdp(null, new NexStreamHostOptions { Telemetry = new TelemetryOptions() }))!.Message,
            Does.Contain(nameof(NexStreamHostOptions.TelemetryName)));
        await using NexStreamHost plain = NexStreamHost.OpenUdp(s_anyPort);
        Assert.That(plain.IsRunning, Is.True);
    }

    [Test]
    public async Task Telemetry_OutOfRange_LeavesNothingOpen()
    {
        IPEndPoint here;
        await using (NexStreamHost gone = NexStreamHost.OpenUdp(s_anyPort))
        {
            here = gone.LocalEndPoint!;
        }

        NexStreamHostOptions wrong = new() { TelemetryName = _name, Telemetry = new TelemetryOptions { StreamsMax = 0 } };
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(here, wrong));
        await using NexStreamHost host = Open(here, wrong with { Telemetry = null });
        Assert.That(host.LocalEndPoint, Is.EqualTo(here));
    }

    [Test]
    public void Telemetry_OfADriverThatHasIt_IsRefusedAndTheDriverStaysTheCallers()
    {
        using DriverNode node = new(LinkLibrary.Load(LinkPreference.Managed), 1);
        DriverTelemetry.Attach(node.Driver, _name, new TelemetryOptions { IsShared = false });
        Assert.Throws<InvalidOperationException>(() => _ = new NexStreamHost(node.Driver, new NexStreamHostOptions { TelemetryName = "another" }));
        Assert.That(node.Poll(MonotonicClock.Now), Is.False);
        Assert.That(node.Driver.Telemetry!.Name, Is.EqualTo(_name));
    }

    [Test]
    public async Task Host_OverADriverWithANetwork_CallsAddresses()
    {
        LinkLibrary library = LinkLibrary.Load();
        LinkArena memory = library.CreateArena(2048, 1024);
        EndpointConfig config = new() { Node = new NodeId(0x405, 1), Key = new byte[EndpointConfig.KeySize] };
        EndpointDriver driver = new(new Endpoint(config, memory.CreateFrameArena()), new DriverOptions { LinksMax = 1 });
        driver.AttachNetwork(library.OpenUdp(memory, new UdpOptions { Local = s_anyPort }));
        await using NexStreamHost host = new(driver, null, memory);
        await using NexStreamHost server = NexStreamHost.OpenUdp(s_anyPort);
        Assert.That(host.LocalEndPoint!.Port, Is.Positive);
        NexStreamConnection connection = await host.ConnectAsync(server.LocalEndPoint!);
        Assert.That((await connection.CloseAsync()).IsClean, Is.True);
    }

    private static NexStreamHost Open(IPEndPoint local, NexStreamHostOptions options) => NexStreamHost.OpenUdp(new UdpHostOptions { Udp = new UdpOptions { Local = local } }, options);

    private TelemetrySnapshot? Shown() => TelemetryFiles.Read(Environment.ProcessId).SingleOrDefault(snapshot => snapshot.Name == _name);
}
