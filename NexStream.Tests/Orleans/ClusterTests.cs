using System.Diagnostics;
using System.Net.NetworkInformation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NexStream.Examples.GameWorld;

namespace NexStream.Tests.Orleans;

/// <summary>An unmodified Orleans cluster does over NexStream what it does over TCP.</summary>
[TestFixture(Tcp)]
[TestFixture("NexStream")]
[NonParallelizable]
[CancelAfter(180_000)]
internal sealed class ClusterTests(string transport)
{
    private const string Tcp = "TCP";

    /// <summary>10,000 calls from the client, and as many again from player to region.</summary>
    private const int Ticks = 100;

    private readonly bool _isTcp = transport == Tcp;
    private int[] _ports = null!;

    [SetUp]
    public void ChoosePorts() => _ports = SiloProcess.FreePorts(4);

    [Test]
    [Category("Slow")]
    public async Task Calls_TwoSilosAndAClient_AreAllAnsweredRightly()
    {
        using IHost first = Cluster.BuildSilo("silo-1", _ports[0], _ports[1], _ports[0], _isTcp);
        using IHost second = Cluster.BuildSilo("silo-2", _ports[2], _ports[3], _ports[0], _isTcp);
        using IHost client = Cluster.BuildClient([_ports[1], _ports[3]], _isTcp);
        await first.StartAsync();
        await second.StartAsync();
        await client.StartAsync();
        Game game = Play(client, "player");
        for (int tick = 0; tick < Ticks; tick++)
        {
            // It holds every answer against the rules of the world.
            await game.StepAsync();
        }

        Assert.That(game.Calls, Is.EqualTo(10_000));
        Assert.That(game.Failures, Is.Zero);
        Assert.That(game.Players.Values.Select(player => player.Steps), Is.All.EqualTo(Ticks));
        Assert.That(SilosOf(game), Is.EqualTo(new[] { "silo-1", "silo-2" }), "Calls have to go from silo to silo.");
        Assert.That((await game.LookAsync()).Sum(region => region.Players.Count), Is.EqualTo(game.Players.Count));
        AssertTransport();
        await client.StopAsync();
        await second.StopAsync();
        await first.StopAsync();
    }

    [Test]
    [Category("Slow")]
    public async Task Cluster_SiloIsKilledAndAnotherComesToItsAddress_GoesOnWithoutAndWithIt()
    {
        string program = typeof(Game).Assembly.Location;
        await using SiloProcess first = await SiloProcess.StartAsync(program, "silo-1", _ports[0], _ports[1], _ports[0], _isTcp);
        await using SiloProcess second = await SiloProcess.StartAsync(program, "silo-2", _ports[2], _ports[3], _ports[0], _isTcp);
        using IHost client = Cluster.BuildClient([_ports[1], _ports[3]], _isTcp);
        await client.StartAsync();
        Game game = Play(client, "player");
        await game.StepAsync();
        Assert.That(SilosOf(game), Is.EqualTo(new[] { "silo-1", "silo-2" }));
        AssertTransport();

        await second.KillAsync();
        await game.StepUntilCalmAsync();
        Assert.That(SilosOf(game), Is.EqualTo(new[] { "silo-1" }), "Every grain lives on.");
        await game.LookAsync();

        await using SiloProcess third = await SiloProcess.StartAsync(program, "silo-3", _ports[2], _ports[3], _ports[0], _isTcp);
        Stopwatch waited = Stopwatch.StartNew();
        Game newcomers;
        do
        {
            // Until the first silo knows of the third, it takes all new grains itself.
            newcomers = Play(client, $"newcomer {waited.ElapsedMilliseconds}");
            await newcomers.StepUntilCalmAsync();
        }
        while (SilosOf(newcomers).Length == 1 && waited.Elapsed < TimeSpan.FromMinutes(1));
        Assert.That(SilosOf(newcomers), Is.EqualTo(new[] { "silo-1", "silo-3" }));
        await client.StopAsync();
    }

    private static Game Play(IHost client, string name) =>
        new(client.Services.GetRequiredService<IGrainFactory>(), [.. Enumerable.Range(0, 100).Select(number => $"{name} {number}")]);

    private static string[] SilosOf(Game game) => [.. game.Players.Values.Select(player => player.Silo).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Where nobody listens over TCP there is no connection over TCP.</summary>
    private void AssertTransport()
    {
        IPGlobalProperties network = IPGlobalProperties.GetIPGlobalProperties();
        int[] tcp = [.. network.GetActiveTcpListeners().Select(address => address.Port).Intersect(_ports)];
        int[] udp = [.. network.GetActiveUdpListeners().Select(address => address.Port).Intersect(_ports)];
        Assert.That(_isTcp ? tcp : udp, Is.EquivalentTo(_ports));
        Assert.That(_isTcp ? udp : tcp, Is.Empty);
    }
}
