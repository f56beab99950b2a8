using NexStream.Simulator.Engine;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Tests.Docs;

namespace NexStream.Tests.Simulator;

/// <summary>Whole transfers over bad networks.</summary>
[TestFixture]
internal sealed class TransferTests
{
    private static readonly Dictionary<string, DirectionSpec> s_networks = new()
    {
        ["clean"] = new(),
        ["loss"] = new() { Loss = 0.03 },
        ["bursts"] = new() { BurstLoss = new BurstLossSpec { P = 0.005, R = 0.2 } },
        ["reordering"] = new() { Reorder = 0.1, ReorderDelayMs = 15 },
        ["duplicates"] = new() { Duplicate = 0.2 },
        ["damage"] = new() { Corrupt = 0.03 },
        ["jitter"] = new() { JitterMs = 20 },
        ["red"] = new() { Queue = "red" },
        ["codel"] = new() { Queue = "codel" },
        ["marks"] = new() { EcnMarkKb = 15 },
        ["short queue"] = new() { QueueKb = 5 },
        ["outage"] = new() { Outages = [new OutageSpec { AtS = 0.1, ForS = 0.7 }] },
        ["all"] = new() { Loss = 0.01, BurstLoss = new BurstLossSpec { P = 0.002, R = 0.3 }, Reorder = 0.05, Duplicate = 0.05, Corrupt = 0.01, JitterMs = 5 },
    };

    private static IEnumerable<string> Networks => s_networks.Keys;

    [Test]
    public void Reliable_OverANetwork_DeliversAllOfItOnce([ValueSource(nameof(Networks))] string network, [Values("ro", "ru")] string mode)
    {
        // Both ways are bad: acknowledgements are lost, overtaken and doubled too.
        Scenario scenario = Scenarios.Of(s_networks[network], new StreamSpec { Mode = mode, Bytes = 400_000, Message = 3000 }) with { Reverse = s_networks[network] with { RateMbps = 5 } };
        StreamResult stream = Scenarios.RunToTheEnd(scenario).Flows[0].Streams[0];

        Assert.That(stream.Sent, Is.EqualTo(mode == "ro" ? 400_000 : 134), "133 messages of 3000 bytes, and one of the rest");
        Assert.That(stream.Delivered, Is.EqualTo(stream.Sent));
    }

    [Test]
    public void BestEffort_OverANetwork_DeliversWhatIsNotLost([ValueSource(nameof(Networks))] string network)
    {
        Scenario scenario = Scenarios.Of(s_networks[network], new StreamSpec { Mode = "be", Bytes = 400_000, Message = 1000, RateMbps = 4 });
        StreamResult stream = Scenarios.RunToTheEnd(scenario).Flows[0].Streams[0];

        Assert.That(stream.Sent, Is.EqualTo(400));
        Assert.That(stream.Delivered, Is.InRange(network is "outage" ? 50 : 200, 400));
        if (network is "loss" or "bursts" or "damage" or "outage" or "all")
        {
            Assert.That(stream.Delivered, Is.LessThan(400));
        }
        else
        {
            // The end of the stream waits for no best-effort message that is held back.
            Assert.That(stream.Delivered, Is.GreaterThanOrEqualTo(network is "reordering" ? 397 : 400));
        }
    }

    [Test]
    public void BestEffort_WithoutARate_PushesNothingOutOfItsOwnBuffer()
    {
        SimulationResult result = Scenarios.RunToTheEnd(Scenarios.Of(new DirectionSpec(), new StreamSpec { Mode = "be", Bytes = 2_000_000, Message = 1000 }));

        Assert.That(result.Flows[0].Streams[0], Has.Property("Sent").EqualTo(2000).And.Property("Expired").Zero);
    }

    [Test]
    public void BestEffort_WithoutARateAndAnEnd_SendsAsLongAsTheScenarioLasts()
    {
        SimulationResult result = Scenarios.Run(Scenarios.Of(new DirectionSpec(), new StreamSpec { Mode = "be", Message = 1000 }) with { DurationS = 2 });

        Assert.That(result, Has.Property("Ok").True.And.Property("ElapsedS").EqualTo(2));
        Assert.That(result.Utilisation, Is.GreaterThan(0.8));
    }

    [Test]
    public void ReliableUnordered_WithADeadlineThatTheLinkCannotKeep_MissesOnlyWhatExpired([Values(60, 120, 200)] int deadlineMs)
    {
        DirectionSpec link = new() { RateMbps = 5, DelayMs = 20, Loss = 0.02 };
        StreamSpec stream = new() { Mode = "ru", Bytes = 1_000_000, Message = 4000, DeadlineMs = deadlineMs };
        StreamResult result = Scenarios.RunToTheEnd(Scenarios.Of(link, stream)).Flows[0].Streams[0];

        Assert.That(result.Expired, Is.InRange(1, result.Sent));
        Assert.That(result.Delivered, Is.InRange(1, result.Sent - 1));
        Assert.That(result.Delivered + result.Expired, Is.GreaterThanOrEqualTo(result.Sent));
    }

    [TestCase("ro", 10_000_000)]
    [TestCase("ru", 8334)]
    [TestCase("be", 8334)]
    public void Sample_InEachMode_RunsAsItIs(string mode, int sent)
    {
        SimulationResult result = Scenarios.RunToTheEnd(ScenarioReader.Read(Scenarios.Sample.Replace("\"ro\"", $"\"{mode}\"", StringComparison.Ordinal)));

        StreamResult stream = result.Flows.Single().Streams.Single();
        Assert.That(stream.Sent, Is.EqualTo(sent));
        Assert.That(stream.Delivered, mode == "be" ? Is.InRange(sent / 2, sent - 1) : Is.EqualTo(sent));
        Assert.That(result.Flows[0].CompletedS, Is.EqualTo(result.ElapsedS).And.GreaterThan(12), "the outage is at 10 s, for 2 s");
    }

    [TestCase("cubic")]
    [TestCase("bbr")]
    [TestCase("none")]
    public void Congestion_EachController_CompletesAndUsesItsLink(string congestion)
    {
        // Without congestion control everything is sent at once: only a queue that takes it all brings it through.
        Scenario scenario = Scenarios.Of(new DirectionSpec { QueueKb = congestion == "none" ? 3000 : null }, new FlowSpec { Congestion = congestion, Streams = [new StreamSpec { Bytes = 2_000_000 }] });
        SimulationResult result = Scenarios.RunToTheEnd(scenario);

        Assert.That(result.Utilisation, Is.InRange(0.6, 1));
    }

    [TestCase(1200)]
    [TestCase(9000)]
    [TestCase(65_536)]
    public void Mtu_OfEachSize_CarriesFramesUpToIt(int mtu)
    {
        Scenario scenario = Scenarios.Of(new DirectionSpec { RateMbps = 100 }, new StreamSpec { Bytes = 3_000_000 }) with { Mtu = mtu };
        var simulation = new Simulation(scenario);
        SimulationResult result = simulation.Run();

        Assert.That(result.Flows[0].Streams[0].Delivered, Is.EqualTo(3_000_000));
        Assert.That(simulation.Link.Counters.TooLong, Is.Zero);
        double perFrame = (double)simulation.Link.Counters.Bytes / simulation.Link.Counters.Frames;
        Assert.That(perFrame, Is.InRange(mtu * 0.5, mtu));
    }

    [Test]
    public void Mtu_OfTheLinkBelowWhatIsBelieved_IsSearchedFor()
    {
        Scenario scenario = Scenarios.Of(new DirectionSpec { Mtu = 1400 }, new FlowSpec { InitialFrame = 1200, Streams = [new StreamSpec { Bytes = 500_000 }] });
        var simulation = new Simulation(scenario);
        SimulationResult result = simulation.Run();

        Assert.That(result.Flows[0].Streams[0].Delivered, Is.EqualTo(500_000));
        Assert.That(simulation.Link.Counters.TooLong, Is.GreaterThan(0), "probes that were too long");
    }

    [Test]
    public void Outage_InTheMiddle_IsRecoveredFrom()
    {
        StreamSpec stream = new() { Bytes = 3_000_000 };
        SimulationResult clean = Scenarios.RunToTheEnd(Scenarios.Of(new DirectionSpec(), stream));
        SimulationResult broken = Scenarios.RunToTheEnd(Scenarios.Of(new DirectionSpec { Outages = [new OutageSpec { AtS = 0.5, ForS = 3 }] }, stream));

        // A probe goes out two seconds after the end at the latest: that is where back-off stops.
        Assert.That(broken.ElapsedS, Is.InRange(3.5, clean.ElapsedS + 6));
    }

    [Test]
    public void Outage_WithoutEnd_EndsTheConnectionAndKeepsItsNumbers()
    {
        SimulationResult result = Scenarios.Run(Scenarios.Of(new DirectionSpec { Outages = [new OutageSpec { AtS = 0.5, ForS = 1e6 }] }, new StreamSpec { Bytes = 3_000_000 }));

        Assert.That(result.Ok, Is.False);
        Assert.That(result.Violations, Has.Some.Contains("flow 0: the connection ended: PeerUnresponsive"));
        Assert.That(result.Flows[0], Has.Property("CompletedS").Null.And.Property("SentPackets").GreaterThan(500).And.Property("SrttMs").GreaterThan(20));
    }

    [Test]
    public void Reverse_FarSlower_StillLetsTheForwardWayBeUsed()
    {
        Scenario scenario = Scenarios.Of(new DirectionSpec { RateMbps = 20, DelayMs = 5 }, new StreamSpec { Bytes = 3_000_000 }) with { Reverse = new DirectionSpec { RateMbps = 0.5, DelayMs = 5 } };
        var simulation = new Simulation(scenario);
        SimulationResult result = simulation.Run();

        Assert.That(result.Flows[0].Streams[0].Delivered, Is.EqualTo(3_000_000));
        Assert.That(result.Utilisation, Is.GreaterThan(0.6));
        Assert.That(simulation.Reverse.Settings.Rate, Is.EqualTo(62_500));
    }

    [Test]
    public void Reverse_WithStepsOfItsOwn_ChangesItselfAlone()
    {
        Scenario scenario = Scenarios.Of(new DirectionSpec(), new StreamSpec { Bytes = 500_000 }) with { Reverse = new DirectionSpec { Steps = [new StepSpec { AtS = 0.1, DelayMs = 90 }] } };
        var simulation = new Simulation(scenario);
        SimulationResult result = simulation.Run();

        Assert.That((simulation.Link.Settings.DelayNs, simulation.Reverse.Settings.DelayNs), Is.EqualTo((10 * LinkHarness.Millisecond, 90 * LinkHarness.Millisecond)));
        Assert.That(result.Flows[0].MinRttMs, Is.EqualTo(20).Within(1));
        Assert.That(result.Flows[0].SrttMs, Is.GreaterThan(40));
    }

    [Test]
    public void Files_OfTheRepository_CanAllBeRead()
    {
        string[] files = Directory.GetFiles(Path.Combine(Repository.Root, "tools/simulator/scenarios"), "*.json");

        Assert.That(files, Is.Not.Empty);
        foreach (string file in files)
        {
            Assert.That(() => ScenarioReader.Read(File.ReadAllText(file)), Throws.Nothing, file);
        }
    }
}
