using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Hosts;
using NexStream.Swarm.Network;
using NexStream.Swarm.Oracles;

namespace NexStream.Swarm.Running;

/// <summary>
/// A whole world in virtual time: hosts, the network between them, and what befalls both. First chance has its way; then everything heals, and what
/// can be finished has to be.
/// </summary>
internal sealed class World
{
    /// <summary>How long after it healed everything that can be finished has to be: probes are at most 2 s apart, and a dozen of them are enough.</summary>
    public const long FinishNs = 40 * Instant.Second;

    /// <summary>How long it goes on after it healed before connections without streams are closed: what was under way has arrived.</summary>
    public const long CalmNs = 2 * Instant.Second;

    /// <summary>How long after that every connection must have ended: time-outs, linger times and tombstones are all shorter.</summary>
    private const long EndNs = FinishNs + (120 * Instant.Second);

    /// <summary>The same where a clock jumped by hours: round trips are taken for that long, and what follows from them takes three times that.</summary>
    private const long EndAfterJumpsNs = 10_000_000 * Instant.Second;

    /// <summary>Turns after which a world that should be over is not.</summary>
    private const int EndTurnsMax = 400_000;

    private readonly Host[] _hosts;

    /// <summary>When each host was last found with nothing left of something; -1: never.</summary>
    private readonly long[] _fullAt;
    private readonly Taint _taint = new();
    private readonly Director _director;
    private readonly WorldMemory _memory;
    private readonly Draw _draw;
    private readonly Func<string, TraceRecorder>? _record;
    private int _lives;

    /// <param name="plan">What it is.</param>
    /// <param name="kit">What worlds on this thread use again.</param>
    /// <param name="log">Where a line for each thing that happens goes; null: nowhere.</param>
    /// <param name="record">Makes a recorder for an endpoint, by the name that its trace shall have; null: nothing is recorded.</param>
    public World(WorldPlan plan, WorldKit kit, Action<string>? log = null, Func<string, TraceRecorder>? record = null)
    {
        _record = record;
        Plan = plan;
        Packets = kit.Packets;
        _memory = new WorldMemory(kit);
        _draw = new Draw(Pattern.Mix(plan.Seed));
        FirstSequence = plan.Hosts[0].Config.Connection.FirstSequence;
        Trace = new Trace(this, log);
        Credit = new CreditOracle(FirstSequence);
        Fabric = new Fabric(this, _draw.Fork());
        _director = new Director(this, _draw.Fork());
        _hosts = new Host[plan.Hosts.Count];
        _fullAt = new long[plan.Hosts.Count];
        Array.Fill(_fullAt, -1);
        for (int i = 0; i < _hosts.Length; i++)
        {
            _hosts[i] = Make(i, plan.Hosts[i].Config, new Clock());
            Fabric.Announce(plan.Hosts[i].Node, i);
            for (int way = 1; way <= plan.Hosts[i].Config.FurtherNodes.Count; way++)
            {
                Fabric.Announce(plan.Hosts[i].Config.FurtherNodes[way - 1], i, way);
            }
        }
    }

    public WorldPlan Plan { get; }

    /// <summary>The world's time: that of the network, and of no host.</summary>
    public long Now { get; private set; }

    public bool IsHealed { get; private set; }

    public long HealedAt { get; private set; }

    /// <summary>Whether every turn is looked through, to see where something went wrong first.</summary>
    public bool IsThorough { get; init; }

    public ulong FirstSequence { get; }

    public PacketPool Packets { get; }

    public Fabric Fabric { get; }

    public Ledger Ledger { get; } = new();

    public Trace Trace { get; }

    public CreditOracle Credit { get; }

    /// <summary>Whether packets tell the truth about whose they are and what they allow.</summary>
    public bool HasCreditOracle => Plan.IsTrusted && !Plan.Has(Feature.Corruption | Feature.Hostile);

    public long Turns { get; private set; }

    public Host HostAt(int index) => _hosts[index];

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="SwarmFailureException">An invariant does not hold.</exception>
    public void Run()
    {
        try
        {
            while (Turns < Plan.TurnsMax && Next() is { } host && host.NextAt < Plan.ChaosNs)
            {
                Now = host.NextAt;
                _director.Step(host);
                Turn(_hosts[host.Index]);
            }

            Heal();
            RunToEnd();
            foreach (Host host in _hosts)
            {
                host.Audit();
                host.CheckEmpty();
            }
        }
        finally
        {
            foreach (Host host in _hosts)
            {
                host.Inbox.Clear(Packets);
            }

            _memory.Return();
        }
    }

    /// <summary>Whether nothing can be asked of a connection any more but that it does no harm.</summary>
    public bool IsTainted(ConnectionView connection) => !Plan.IsTrusted || _taint.Has(connection.LocalTag) || _taint.Has(connection.PeerTag);

    public void Taint(ulong tag) => _taint.Add(tag);

    public void TaintNamed(ReadOnlySpan<byte> packet)
    {
        _taint.AddNamed(packet);
        if (Plan.Has(Feature.Paths) && packet.Length >= PacketHeader.Size)
        {
            // A further path has a tag of its own, and is its connection's.
            ulong tag = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(packet);
            foreach (Host host in _hosts)
            {
                _taint.Add(HostTransmit.MainTagOf(host.Endpoint.State, tag));
            }
        }
    }

    /// <summary>Whether a connection has to get done with everything, now that the network is well: both ends live, are honest, and know where the other is.</summary>
    public bool MustFinish(Host host, ConnectionView connection)
    {
        if (!Plan.IsTrusted || !Plan.IsTimely || Plan.Has(Feature.Corruption | Feature.Hostile) || !connection.IsKnown || !connection.Record.IsOpen
            || connection.Record.PeerStreamLimit == 0)
        {
            return false;
        }

        foreach (Host peer in _hosts)
        {
            ConnectionView? other = peer.Application.Connections.Find(view => view.LocalTag == connection.PeerTag);
            if (other is { IsKnown: true, IsClosed: false } && other.Record.IsOpen)
            {
                if (WasFull(host) || WasFull(peer))
                {
                    MemoryStalls++;
                    return false;
                }

                return Reaches(connection, peer) && Reaches(other, host);
            }
        }

        return false;
    }

    /// <summary>An endpoint that moved twice before its peer followed does not read what goes to where it was first: then the peer's answers to it are lost.</summary>
    private bool Reaches(ConnectionView connection, Host peer)
    {
        NodeId remote = connection.Record.Path.Remote;
        return Fabric.Leads(remote, peer.Index) && (remote == peer.Endpoint.State.Node || remote == peer.Endpoint.State.FormerNode);
    }

    /// <summary>
    /// Connections that came to a stop because an endpoint had promised more than it has: windows larger than the share of the arena, or than the records for the runs
    /// that they come in, more streams than records.
    /// Nothing else may stop one.
    /// </summary>
    public int MemoryStalls { get; private set; }

    /// <summary>Whether it was so within the longest that anything waits for anything: a connection that just ended may have kept what another waits for.</summary>
    private bool WasFull(Host host) => _fullAt[host.Index] >= 0 && Now - _fullAt[host.Index] <= 10 * Instant.Second;

    private static bool IsFull(Host host, ConnectionView view) =>
        host.Endpoint.State.Frames.HeldBy(view.Handle.Index) + 1 >= view.Record.Memory.FramesMax || host.Endpoint.State.Store.OnlyGapsMayFill
        || host.Endpoint.State.Streams.FreeCount == 0 || host.Endpoint.State.Probabilistic.FreeCount == 0;

    /// <summary>A host dies, and the same node comes back with nothing.</summary>
    public void Crash(Host host)
    {
        host.Die();
        EndpointConfig config = host.Plan.Config with
        {
            Node = host.Endpoint.Node,
            Key = Plan.Has(Feature.SameKey) ? host.Endpoint.Config.Key : new HostDraw(_draw, Feature.None).Key(),
        };
        _hosts[host.Index] = Make(host.Index, config, host.Clock);
    }

    private Host Make(int index, EndpointConfig config, Clock clock) =>
        new(this, index, Plan.Hosts[index], config, clock, _memory.Take(), _draw.Fork(), _record?.Invoke($"seed-{Plan.Seed}-host-{index}-life-{++_lives}"));

    private void Turn(Host host)
    {
        Turns++;
        if (IsHealed && host.Application.Connections.Exists(view => !view.IsClosed && IsFull(host, view)))
        {
            _fullAt[host.Index] = Now;
        }

        host.Poll();
    }

    private void Heal()
    {
        IsHealed = true;
        HealedAt = Now;
        Trace.Note("the world heals");
        Fabric.Heal();
        foreach (Host host in _hosts)
        {
            host.Clock.Heal(Now);
            host.Application.Heal();
        }
    }

    private void RunToEnd()
    {
        long end = HealedAt + (Plan.IsTimely ? EndNs : EndAfterJumpsNs);
        for (int turns = 0; !IsQuiet(); turns++)
        {
            if (Next() is not { } host || host.NextAt == long.MaxValue)
            {
                throw new SwarmFailureException("everything ends", $"connections are left, and nothing will end them: {Describe()}");
            }

            Now = host.NextAt;
            if (Now > end || turns > EndTurnsMax)
            {
                throw new SwarmFailureException("everything ends", $"{(Now - HealedAt) / 1e9:F0} s and {turns} turns after the world healed there is still something: {Describe()}");
            }

            Turn(host);
        }
    }

    private Host? Next()
    {
        Host? next = null;
        foreach (Host host in _hosts)
        {
            next = next is null || host.NextAt < next.NextAt ? host : next;
        }

        return next;
    }

    private bool IsQuiet()
    {
        foreach (Host host in _hosts)
        {
            if (host.Endpoint.Statistics.ConnectionCount > 0 || host.Inbox.Count > 0 || host.Holds.Total > 0 || host.Application.Connections.Exists(view => !view.IsClosed))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What each endpoint holds, for people who look at a world that came to a stop.</summary>
    public string DescribeHoldings() => string.Join(Environment.NewLine, _hosts.Select(host =>
        $"host {host.Index}: {host.Endpoint.Arena.FreeCount} of {host.Plan.FrameCount} frames free, {host.Holds.Total} held by links, {host.Endpoint.State.Packets.FreeCount} packets, "
        + $"{host.Endpoint.State.Segments.FreeCount} segments ({host.Endpoint.State.SegmentsReserved} of them reserved), "
        + $"{host.Endpoint.State.Messages.FreeCount} messages, {host.Endpoint.State.Inbound.FreeCount} inbound, {host.Endpoint.State.Store.Chunks.FreeCount} chunks, "
        + $"{host.Endpoint.State.Controls.FreeCount} controls, {host.Endpoint.State.Streams.FreeCount} streams free; applications know "
        + string.Join(", ", host.Application.Streams.Select(stream => $"{stream.Id:x} {stream.Sent.Mode} over {stream.IsSendingOver} read {stream.HasEndBeenRead} reset {stream.IsReset} stopped {stream.IsStopped} wants {stream.WantsWritable} flags {host.Endpoint.State.Streams[stream.Handle.Index].Flags} control {host.Endpoint.State.Streams[stream.Handle.Index].Control} state {host.Endpoint.State.Streams[stream.Handle.Index].SendState}"))
        + "; connections hold "
        + string.Join(", ", host.Endpoint.State.Connections.Where(connection => connection.LocalTag != 0).Select(connection =>
            $"{connection.Index}: {host.Endpoint.State.Frames.HeldBy(connection.Index)} of {connection.Memory.FramesMax} {connection.State} {connection.ClosePhase} in flight {connection.Path.InFlight.Count} ({connection.Path.AckElicitingInFlight}) lost {connection.Path.RecentlyLost.Count} probes {connection.Path.ProbesAllowed} loss at {connection.Path.LossAt} credit {connection.Credit.Limit - connection.Credit.Used} window {connection.Window.Limit - connection.Received}"))));

    private string Describe() => string.Join("; ", _hosts.Select(host =>
        $"host {host.Index} has {host.Endpoint.Statistics.ConnectionCount} connections, {host.Inbox.Count} packets to come, {host.Holds.Total} holds, "
        + string.Join(", ", host.Application.Connections.Where(view => !view.IsClosed).Select(view => $"{view.Name} {view.Record.State} {view.Record.ClosePhase}"))));
}
