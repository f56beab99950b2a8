using System.Globalization;
using System.Numerics;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Simulator.Links;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Simulator.Traffic;

namespace NexStream.Simulator.Engine;

/// <summary>
/// A scenario while it runs: endpoints, links between them, and virtual time, which goes from one thing that happens to the next. The same
/// scenario and seed give the same run, bit for bit.
/// </summary>
internal sealed class Simulation
{
    // The lots of contents, links and keys must not be the same.
    private const ulong PatternSeed = 0x70;
    private const ulong LinkSeed = 0x6c;
    private const ulong ReverseSeed = 0x72;
    private const ulong KeySeed = 0x6b;

    private const ulong PathSeedStep = 0x100;
    private const ulong ClientNode = 0xC11E;
    private const ulong ServerNode = 0x5E12;
    private const int PathShift = 32;

    private readonly DirectedLink[] _links;
    private readonly DirectedLink[] _reverses;
    private readonly Agenda _agenda = new();
    private readonly FlowRecord[] _flows;
    private readonly long _endAt;
    private int _completed;
    private bool _isStopped;

    /// <summary>A scenario at its beginning.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="record">Gives the recorder for an endpoint, by its name; null: nothing is recorded.</param>
    public Simulation(Scenario scenario, Func<string, TraceRecorder>? record = null)
    {
        Scenario = scenario;
        _endAt = (long)(scenario.DurationS * Instant.Second);
        var pool = new PacketPool(scenario.Mtu);
        var sizing = new Sizing(scenario);
        var pattern = new Pattern(Derive(PatternSeed));
        Queue = new QueueMeter(scenario.Flows.Count);
        _flows = [.. scenario.Flows.Select((flow, i) => new FlowRecord(flow, i))];
        _links = new DirectedLink[scenario.Paths.Count + 1];
        _reverses = new DirectedLink[_links.Length];
        _links[0] = new DirectedLink("link", scenario.Link, scenario.Mtu, Derive(LinkSeed), _agenda, pool, Queue, (packet, now) => Flows[packet.Flow].Server.Deliver(packet, now));
        _reverses[0] = new DirectedLink(
            "reverse", scenario.WayBack(), scenario.Mtu, Derive(ReverseSeed), _agenda, pool, new QueueMeter(scenario.Flows.Count), (packet, now) => Flows[packet.Flow].Client.Deliver(packet, now));
        for (int i = 1; i < _links.Length; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"path {i}");
            _links[i] = new DirectedLink(
                name, scenario.Paths[i - 1], scenario.Mtu, Derive(LinkSeed + (PathSeedStep * (ulong)i)), _agenda, pool, new QueueMeter(scenario.Flows.Count),
                (packet, now) => Flows[packet.Flow].Server.Deliver(packet, now));
            _reverses[i] = new DirectedLink(
                name + " reverse", scenario.WayBack(i), scenario.Mtu, Derive(ReverseSeed + (PathSeedStep * (ulong)i)), _agenda, pool, new QueueMeter(scenario.Flows.Count),
                (packet, now) => Flows[packet.Flow].Client.Deliver(packet, now));
        }

        foreach (FlowRecord flow in Flows)
        {
            AddHosts(flow, sizing, pattern, pool, record);
        }
    }

    public Scenario Scenario { get; }

    public IReadOnlyList<FlowRecord> Flows => _flows;

    /// <summary>From clients to servers, on path 0.</summary>
    public DirectedLink Link => _links[0];

    public DirectedLink Reverse => _reverses[0];

    /// <summary>From clients to servers, path by path.</summary>
    public IReadOnlyList<DirectedLink> Links => _links;

    public IReadOnlyList<DirectedLink> Reverses => _reverses;

    /// <summary>How long frames waited for <see cref="Link"/>.</summary>
    public QueueMeter Queue { get; }

    /// <summary>Virtual nanoseconds since the start.</summary>
    public long Now { get; private set; }

    /// <summary>Has something done at a virtual time.</summary>
    public void At(double seconds, Action<long> action) => _ = new Clockwork((long)Math.Round(seconds * Instant.Second), 0, action, _agenda);

    /// <summary>Has somebody look regularly.</summary>
    public void Observe(ISimulationObserver observer) => _ = new Clockwork(0, observer.IntervalNs, now => observer.OnSample(this, now), _agenda);

    /// <summary>Ends the run after what happens now.</summary>
    public void Stop() => _isStopped = true;

    /// <summary>Runs until all finite streams are complete, or the scenario's time is over.</summary>
    public SimulationResult Run()
    {
        while (_agenda.First.DueAt <= _endAt && !_isStopped && !IsDone())
        {
            Actor next = _agenda.First;
            Now = next.DueAt;
            next.Act(Now);
        }

        if (!_isStopped && !IsDone())
        {
            Now = _endAt;
        }

        return SimulationResult.Of(this);
    }

    private bool IsDone()
    {
        // Asked after everything that happens: a flow that is complete stays so, and is not looked at again.
        while (_completed < _flows.Length && _flows[_completed].CompletedAt is not null)
        {
            _completed++;
        }

        return _completed == _flows.Length;
    }

    private void AddHosts(FlowRecord flow, Sizing sizing, Pattern pattern, PacketPool pool, Func<string, TraceRecorder>? record)
    {
        NodeId[] clientNodes = [.. _links.Select((_, path) => NodeOf(ClientNode, path, flow))];
        NodeId[] serverNodes = [.. _links.Select((_, path) => NodeOf(ServerNode, path, flow))];
        long pollNs = (long)Math.Round(flow.Spec.PollUs * Instant.Microsecond);
        TraceRecorder? client = record?.Invoke($"flow-{flow.Index}-client");
        TraceRecorder? server = record?.Invoke($"flow-{flow.Index}-server");
        flow.Client = new Host(sizing.Endpoint(clientNodes, flow.Spec, Key(flow.Index, 0)), sizing.Arena(), flow.Index, pollNs, _agenda, pool, client) { Route = header => _links[PathOf(header.Source)] };
        flow.Server = new Host(sizing.Endpoint(serverNodes, flow.Spec, Key(flow.Index, 1)), sizing.Arena(), flow.Index, pollNs, _agenda, pool, server) { Route = header => _reverses[PathOf(header.Destination)] };
        var sender = new SendingApplication(flow, pattern, serverNodes[0], [.. Scenario.Paths.Select((path, i) => (clientNodes[i + 1], path.Weight))], Scenario.Link.Weight, sizing.Connection(flow.Spec));
        flow.Client.Application = sender;
        flow.Server.Application = new ReceivingApplication(flow, pattern, sender);
        foreach (MigrationSpec move in flow.Spec.Migrate)
        {
            At(move.AtS, now => flow.Client.Move(clientNodes[move.ToPath], now));
        }
    }

    /// <summary>The node of one end of a flow on a path, which it carries.</summary>
    private static NodeId NodeOf(ulong end, int path, FlowRecord flow) => new(end | ((ulong)path << PathShift), (ulong)flow.Index + 1);

    /// <summary>The path that a client's node is on: its frames, and those for it, take that one.</summary>
    private static int PathOf(NodeId client) => (int)(client.High >> PathShift);

    private byte[] Key(int flow, int side)
    {
        byte[] key = new byte[Core.Config.EndpointConfig.KeySize];
        new SimulationRandom(Derive(KeySeed) + ((ulong)flow * 2) + (ulong)side).Fill(key);
        return key;
    }

    private ulong Derive(ulong domain) => new SimulationRandom(BitOperations.RotateLeft(Scenario.Seed, 8) ^ domain).Next();
}
