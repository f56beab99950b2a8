using System.Text.Json.Nodes;
using NexStream.Core.Modes;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>Every rule of the scenario's format, and that each complaint names the key that it is about.</summary>
[TestFixture]
internal sealed class ScenarioReaderTests
{
    private const string Smallest = """{ "link": { "rate_mbps": 10 }, "flows": [ {} ] }""";

    [Test]
    public void Read_TheLeastThatIsNeeded_FillsInTheDefaults()
    {
        Scenario scenario = ScenarioReader.Read(Smallest);

        Assert.That((scenario.Seed, scenario.DurationS, scenario.Mtu, scenario.Reverse), Is.EqualTo((1ul, 60.0, 1500, (DirectionSpec?)null)));
        FlowSpec flow = scenario.Flows.Single();
        Assert.That((flow.StartS, flow.Congestion, flow.Ecn, flow.PollUs, flow.Scheduling, flow.InitialFrame), Is.EqualTo((0.0, "cubic", true, 0.0, "weighted", (int?)null)));
        Assert.That(flow.Streams, Is.EqualTo(new[] { new StreamSpec() }));
        Assert.That(new StreamSpec(), Is.EqualTo(new StreamSpec { Mode = "ro", Bytes = null, Message = 1200, Priority = 8, RateMbps = null, Probability = 1 }));
    }

    [Test]
    public void Read_AllKeys_TakesThemAll()
    {
        Scenario scenario = ScenarioReader.Read("""
            // Comments and a comma too many are fine.
            { "seed": 18446744073709551615, "duration_s": 9.5, "mtu": 9000,
              "link": { "rate_mbps": 100, "delay_ms": 25, "jitter_ms": 1, "queue_kb": 312.5, "queue": "codel", "loss": 0.01, "burst_loss": { "p": 0.001, "r": 0.2 },
                        "reorder": 0.1, "reorder_delay_ms": 7, "duplicate": 0.2, "corrupt": 0.3, "ecn_mark_kb": 20, "mtu": 1400,
                        "steps": [ { "at_s": 20, "rate_mbps": 10, "queue": "red" } ], "outages": [ { "at_s": 10, "for_s": 2 } ] },
              "reverse": { "rate_mbps": 1, "steps": [ { "at_s": 1, "loss": 1 } ] },
              "flows": [ { "start_s": 3, "congestion": "bbr", "ecn": false, "poll_us": 16667, "scheduling": "strict", "initial_frame": 1200,
                           "streams": [ { "mode": "ru", "bytes": 10, "message": 16, "priority": 15, "rate_mbps": 2, "probability": 0.99, "fec": 0.2, "deadline_ms": 50, "start_s": 1 },
                                        { "after": 0 } ] } ], }
            """);

        Assert.That((scenario.Seed, scenario.DurationS, scenario.Mtu), Is.EqualTo((ulong.MaxValue, 9.5, 9000)));
        Assert.That(scenario.Link with { Steps = [], Outages = null }, Is.EqualTo(new DirectionSpec
        {
            RateMbps = 100,
            DelayMs = 25,
            JitterMs = 1,
            QueueKb = 312.5,
            Queue = "codel",
            Loss = 0.01,
            BurstLoss = new BurstLossSpec { P = 0.001, R = 0.2 },
            Reorder = 0.1,
            ReorderDelayMs = 7,
            Duplicate = 0.2,
            Corrupt = 0.3,
            EcnMarkKb = 20,
            Mtu = 1400,
            Steps = [],
        }));
        Assert.That(scenario.Link.Steps, Is.EqualTo(new[] { new StepSpec { AtS = 20, RateMbps = 10, Queue = "red" } }));
        Assert.That(scenario.Link.Outages, Is.EqualTo(new[] { new OutageSpec { AtS = 10, ForS = 2 } }));
        Assert.That(scenario.Reverse!.Steps, Is.EqualTo(new[] { new StepSpec { AtS = 1, Loss = 1 } }));
        FlowSpec flow = scenario.Flows.Single();
        Assert.That((flow.StartS, flow.Congestion, flow.Ecn, flow.PollUs, flow.Scheduling, flow.InitialFrame), Is.EqualTo((3.0, "bbr", false, 16667.0, "strict", 1200)));
        Assert.That(flow.Streams, Is.EqualTo(new[]
        {
            new StreamSpec { Mode = "ru", Bytes = 10, Message = 16, Priority = 15, RateMbps = 2, Probability = 0.99, Fec = 0.2, DeadlineMs = 50, StartS = 1 },
            new StreamSpec { After = 0 },
        }));
    }

    // A key that means nothing: the complaint has its name and its place.
    [TestCase("""{ "bogus": 1 }""", "$.bogus")]
    [TestCase("""{ "link": { "bogus": 1 } }""", "$.link.bogus")]
    [TestCase("""{ "link": { "burst_loss": { "bogus": 1 } } }""", "$.link.burst_loss.bogus")]
    [TestCase("""{ "link": { "steps": [ {}, { "bogus": 1 } ] } }""", "$.link.steps[1].bogus")]
    [TestCase("""{ "link": { "steps": [ { "outages": [] } ] } }""", "$.link.steps[0].outages")]
    [TestCase("""{ "link": { "outages": [ { "bogus": 1 } ] } }""", "$.link.outages[0].bogus")]
    [TestCase("""{ "link": { "rate_mbps": 1 }, "reverse": { "bogus": 1 }, "flows": [ {} ] }""", "$.reverse.bogus")]
    [TestCase("""{ "flows": [ {}, { "bogus": 1 } ] }""", "$.flows[1].bogus")]
    [TestCase("""{ "flows": [ { "streams": [ {}, {}, { "bogus": 1 } ] } ] }""", "$.flows[0].streams[2].bogus")]
    [TestCase("""{ "Mtu": 1500 }""", "$.Mtu")]
    public void Read_KeyThatMeansNothing_IsNamedWithItsPlace(string json, string where)
    {
        string message = Refused(json);

        Assert.That(message, Does.Contain(where).And.Contain($"no key \"{where[(where.LastIndexOf('.') + 1)..]}\""));
        Assert.That(message, Does.Not.Contain("NexStream."), "types of the program say nothing to the author of a scenario");
    }

    [TestCase("""{ "flows": [ {} ] }""", "link")]
    [TestCase("""{ "link": { "rate_mbps": 10 } }""", "flows")]
    [TestCase("""{ "link": {}, "flows": [ {} ] }""", "link.rate_mbps")]
    [TestCase("""{ "link": { "rate_mbps": 10 }, "flows": [] }""", "flows")]
    public void Read_WithoutWhatIsNeeded_SaysWhatThatIs(string json, string key) => Assert.That(Refused(json), Does.Contain(key));

    [TestCase("")]
    [TestCase("{")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("3")]
    [TestCase("{} {}")]
    public void Read_WhatIsNoScenario_IsRefused(string json) => Assert.That(Refused(json), Does.Contain("docs/scenarios.md"));

    [TestCase("link", "$.link")]
    [TestCase("flows", "$.flows")]
    [TestCase("seed", "$.seed")]
    [TestCase("link.steps", "$.link.steps")]
    [TestCase("flows[0].streams", "$.flows[0].streams")]
    [TestCase("flows[0].congestion", "$.flows[0].congestion")]
    public void Read_NullWhereNoneIsTaken_IsNamed(string path, string where) => Assert.That(Refused(Smallest, path, "null"), Does.Contain(where));

    [TestCase("""{ "link": { "rate_mbps": 10 }, "flows": [ null ] }""", "flows[0]")]
    [TestCase("""{ "link": { "rate_mbps": 10 }, "flows": [ { "streams": [ {}, null ] } ] }""", "flows[0].streams[1]")]
    [TestCase("""{ "link": { "rate_mbps": 10, "steps": [ null ] }, "flows": [ {} ] }""", "link.steps[0]")]
    [TestCase("""{ "link": { "rate_mbps": 10, "outages": [ null ] }, "flows": [ {} ] }""", "link.outages[0]")]
    public void Read_NullInAList_IsNamed(string json, string where) => Assert.That(Refused(json), Does.Contain(where));

    [Test]
    public void Read_KeyThatStandsThereTwice_IsNamed() =>
        Assert.That(Refused("""{ "link": { "rate_mbps": 10, "rate_mbps": 20 }, "flows": [ {} ] }"""), Does.Contain("rate_mbps"));

    [TestCase("seed", "-1")]
    [TestCase("seed", "1.5")]
    [TestCase("mtu", "1500.5")]
    [TestCase("link.rate_mbps", "\"10\"")]
    [TestCase("link.outages", "3")]
    [TestCase("flows[0].ecn", "1")]
    [TestCase("flows[0].streams[0].priority", "256")]
    public void Read_ValueOfTheWrongKind_IsNamed(string path, string value) =>
        Assert.That(Refused(Smallest, path, value), Does.Contain("$." + path).And.Not.Contain("System."));

    [TestCase("duration_s", "0", "1000000.1")]
    [TestCase("mtu", "1199", "65537")]
    [TestCase("link.rate_mbps", "0", "-1", "1000001", "1e999")]
    [TestCase("link.delay_ms", "-0.1", "100001")]
    [TestCase("link.jitter_ms", "-0.1", "100001")]
    [TestCase("link.queue_kb", "-1", "10000001")]
    [TestCase("link.queue", "\"fifo\"", "\"RED\"")]
    [TestCase("link.loss", "-0.1", "1.1")]
    [TestCase("link.burst_loss.p", "-0.1", "1.1")]
    [TestCase("link.burst_loss.r", "0", "1.1")]
    [TestCase("link.reorder", "-0.1", "1.1")]
    [TestCase("link.reorder_delay_ms", "-0.1", "100001")]
    [TestCase("link.duplicate", "-0.1", "1.1")]
    [TestCase("link.corrupt", "-0.1", "1.1")]
    [TestCase("link.ecn_mark_kb", "-0.1", "1e300")]
    [TestCase("link.mtu", "63", "65537")]
    [TestCase("link.steps[0].at_s", "-1", "1e10")]
    [TestCase("link.steps[0].rate_mbps", "0")]
    [TestCase("link.outages[0].at_s", "-1", "1e10")]
    [TestCase("link.outages[0].for_s", "0", "-1", "1e10")]
    [TestCase("reverse.rate_mbps", "0")]
    [TestCase("reverse.steps[0].loss", "2")]
    [TestCase("flows[0].start_s", "-1", "1e10")]
    [TestCase("flows[0].congestion", "\"reno\"")]
    [TestCase("flows[0].scheduling", "\"fair\"")]
    [TestCase("flows[0].poll_us", "-1", "0.5", "1000001")]
    [TestCase("flows[0].initial_frame", "1199", "1501")]
    [TestCase("flows[0].streams", "[]")]
    [TestCase("flows[0].streams[0].mode", "\"xx\"", "\"tcp\"")]
    [TestCase("flows[0].streams[0].bytes", "0", "1125899906842625")]
    [TestCase("flows[0].streams[0].message", "15", "1048577")]
    [TestCase("flows[0].streams[0].priority", "16")]
    [TestCase("flows[0].streams[0].rate_mbps", "0", "1e999")]
    [TestCase("flows[0].streams[0].probability", "-0.1", "1.1")]
    [TestCase("flows[0].streams[0].fec", "-0.1", "1.1")]
    [TestCase("flows[0].streams[0].group", "0", "65")]
    [TestCase("flows[0].streams[0].deadline_ms", "0", "1e10")]
    [TestCase("flows[0].streams[0].start_s", "-1", "1e10")]
    [TestCase("flows[0].streams[0].after", "-1", "0", "1")]
    public void Read_ValueOutOfRange_IsNamed(string path, params string[] values)
    {
        foreach (string value in values)
        {
            Assert.That(Refused(Smallest, path, value), Does.Contain(path), value);
        }
    }

    [TestCase("""[ { "bytes": 1, "after": 1 }, { "bytes": 1, "after": 0 } ]""", "streams[0].after")]
    [TestCase("""[ { "bytes": 1 }, { "bytes": 1, "after": 3 }, { "bytes": 1, "after": 1 }, { "bytes": 1, "after": 2 } ]""", "streams[1].after")]
    [TestCase("""[ { "bytes": null }, { "bytes": 1, "after": 0 } ]""", "streams[1].after")]
    [TestCase("""[ { "bytes": 1, "after": 1 }, { "bytes": 1, "after": 7 } ]""", "streams[1].after")]
    public void Read_StreamsThatWouldWaitForEver_AreNamed(string streams, string key) =>
        Assert.That(Refused(Smallest, "flows[0].streams", streams), Does.Contain(key));

    [Test]
    public void Read_ChainOfStreams_IsFineInAnyOrder() =>
        Assert.That(
            ScenarioReader.Read(With(Smallest, "flows[0].streams", """[ { "after": 2, "bytes": 1 }, { "bytes": 1 }, { "after": 1, "bytes": 1 }, { "after": 2 } ]""")).Flows[0].Streams,
            Has.Count.EqualTo(4));

    [Test]
    public void Read_BestEffortMessage_IsAtMostWhatOneFrameCarries()
    {
        int most = MessageSender.DatagramLengthMax(1500);
        string streams = $$"""[ { "mode": "be", "message": {{most}} } ]""";
        Assert.That(ScenarioReader.Read(With(Smallest, "flows[0].streams", streams)).Flows[0].Streams[0].Message, Is.EqualTo(most));

        Assert.That(
            Refused(Smallest, "flows[0].streams", streams.Replace($"{most}", $"{most + 1}", StringComparison.Ordinal)),
            Does.Contain("flows[0].streams[0].message").And.Contain($"{most}"));
        Assert.That(Refused(With(Smallest, "flows[0].initial_frame", "1200"), "flows[0].streams", streams), Does.Contain("message"));
    }

    [Test]
    public void WayBack_OfAScenarioThatSaysNothingOfIt_IsAsTheWayThereButForChanceAndSteps()
    {
        DirectionSpec back = ScenarioReader.Read("""
            { "link": { "rate_mbps": 10, "delay_ms": 5, "jitter_ms": 2, "queue_kb": 30, "queue": "red", "ecn_mark_kb": 9, "mtu": 1300, "loss": 0.1, "burst_loss": { "p": 0.1 },
                        "reorder": 0.1, "duplicate": 0.1, "corrupt": 0.1, "steps": [ { "at_s": 1, "loss": 1 } ], "outages": [ { "at_s": 1, "for_s": 1 } ] },
              "flows": [ {} ] }
            """).WayBack();

        Assert.That(back with { Steps = [], Outages = null }, Is.EqualTo(new DirectionSpec
        {
            RateMbps = 10,
            DelayMs = 5,
            JitterMs = 2,
            QueueKb = 30,
            Queue = "red",
            EcnMarkKb = 9,
            Mtu = 1300,
            Steps = [],
        }));
        Assert.That(back.Steps, Is.Empty);
        Assert.That(back.Outages, Is.EqualTo(new[] { new OutageSpec { AtS = 1, ForS = 1 } }));
    }

    [Test]
    public void WayBack_OfAnotherRate_HasAQueueOfItsOwnAndTheSameOutages()
    {
        DirectionSpec back = ScenarioReader.Read("""
            { "link": { "rate_mbps": 10, "delay_ms": 5, "queue_kb": 30, "ecn_mark_kb": 9, "outages": [ { "at_s": 1, "for_s": 1 } ] },
              "reverse": { "rate_mbps": 1 }, "flows": [ {} ] }
            """).WayBack();

        Assert.That((back.RateMbps, back.DelayMs, back.QueueKb, back.EcnMarkKb, back.Outages!.Count), Is.EqualTo((1.0, 5.0, (double?)null, (double?)null, 1)));
    }

    [Test]
    public void WayBack_WithAnEmptyListOfOutages_HasNone() =>
        Assert.That(
            ScenarioReader.Read("""
                { "link": { "rate_mbps": 10, "outages": [ { "at_s": 1, "for_s": 1 } ] }, "reverse": { "outages": [] }, "flows": [ {} ] }
                """).WayBack().Outages,
            Is.Empty);

    private static string Refused(string json, string path, string value) => Refused(With(json, path, value));

    private static string Refused(string json) =>
        Assert.Throws<ScenarioException>(() => ScenarioReader.Read(json), json)!.Message;

    /// <summary>The scenario with a value at a path such as flows[0].mode, whatever is missing on the way there being made.</summary>
    private static string With(string json, string path, string value)
    {
        JsonNode root = JsonNode.Parse(json)!;
        JsonNode at = root;
        string[] parts = path.Replace("[0]", ".0", StringComparison.Ordinal).Split('.');
        for (int i = 0; i < parts.Length; i++)
        {
            JsonNode next() => i == parts.Length - 1 ? new JsonObject() : parts[i + 1] == "0" ? new JsonArray() : new JsonObject();
            if (at is JsonArray list)
            {
                if (list.Count == 0)
                {
                    list.Add(Filled(next(), path));
                }

                at = list[0]!;
            }
            else if (i == parts.Length - 1)
            {
                // What is no JSON number for the library, such as 1e999, is put in as text.
                at[parts[i]] = "VALUE";
            }
            else
            {
                at = at[parts[i]] ??= Filled(next(), path);
            }
        }

        return root.ToJsonString().Replace("\"VALUE\"", value, StringComparison.Ordinal);
    }

    /// <summary>An outage needs a length, else that is what the complaint is about.</summary>
    private static JsonNode Filled(JsonNode node, string path)
    {
        if (path.Contains("outages[0].at_s", StringComparison.Ordinal) && node is JsonObject outage)
        {
            outage["for_s"] = 1;
        }

        return node;
    }
}
