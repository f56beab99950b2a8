using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>The same scenario and seed are the same run, to the last byte of the last frame.</summary>
[TestFixture]
internal sealed class DeterminismTests
{
    private static readonly Scenario s_scenario = Scenarios.Of(
        new DirectionSpec
        {
            Loss = 0.01,
            BurstLoss = new BurstLossSpec { P = 0.002, R = 0.3 },
            Reorder = 0.05,
            Duplicate = 0.05,
            Corrupt = 0.01,
            JitterMs = 3,
            Queue = "red",
            EcnMarkKb = 0,
            Steps = [new StepSpec { AtS = 0.3, RateMbps = 7 }],
            Outages = [new OutageSpec { AtS = 0.5, ForS = 0.1 }],
        },
        new FlowSpec { Streams = [new StreamSpec { Bytes = 200_000 }, new StreamSpec { Mode = "ru", Bytes = 200_000, DeadlineMs = 400 }] },
        new FlowSpec { StartS = 0.1, Congestion = "bbr", PollUs = 500, Streams = [new StreamSpec { Mode = "be", Bytes = 100_000, Message = 900, RateMbps = 2 }] });

    [Test]
    public void Run_TwiceWithOneSeed_IsTheSameToTheLastByte()
    {
        (string Result, string Frames) first = Run(s_scenario);
        (string Result, string Frames) second = Run(s_scenario);

        Assert.That(second, Is.EqualTo(first));
    }

    [TestCase(2ul)]
    [TestCase(ulong.MaxValue)]
    [TestCase(1ul + (1ul << 56))]
    public void Run_WithAnotherSeed_IsAnother(ulong seed)
    {
        (string Result, string Frames) first = Run(s_scenario);
        (string Result, string Frames) second = Run(s_scenario with { Seed = seed });

        Assert.That(second.Frames, Is.Not.EqualTo(first.Frames));
        Assert.That(second.Result, Is.Not.EqualTo(first.Result));
    }

    [Test]
    public void Run_WithOneMoreObserver_IsTheSame()
    {
        (string Result, string Frames) first = Run(s_scenario);
        (string Result, string Frames) second = Run(s_scenario, simulation => simulation.Observe(new Idler()));

        Assert.That(second, Is.EqualTo(first));
    }

    private static (string Result, string Frames) Run(Scenario scenario, Action<Simulation>? prepare = null)
    {
        using var hash = new FrameHash();
        var simulation = new Simulation(scenario);
        simulation.Link.Observer = hash;
        simulation.Reverse.Observer = hash;
        prepare?.Invoke(simulation);
        SimulationResult result = simulation.Run();
        return (JsonSerializer.Serialize(result), hash.Value());
    }

    /// <summary>All frames on both links, with what happened to them and when.</summary>
    private sealed class FrameHash : ILinkObserver, IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly byte[] _head = new byte[sizeof(long) + 8];

        public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_head, now);
            BinaryPrimitives.WriteUInt32LittleEndian(_head.AsSpan(8), packet.Header.StreamId);
            _head[12] = (byte)fate;
            _head[13] = (byte)packet.Header.Ecn;
            _head[14] = (byte)packet.Flow;
            _head[15] = (byte)link.Name[0];
            _hash.AppendData(_head);
            _hash.AppendData(packet.Bytes, 0, packet.Length);
        }

        public string Value() => Convert.ToHexString(_hash.GetHashAndReset());

        public void Dispose() => _hash.Dispose();
    }

    private sealed class Idler : ISimulationObserver
    {
        public long IntervalNs => 777_777;

        public void OnSample(Simulation simulation, long now)
        {
            // It only makes virtual time stop more often.
        }
    }
}
