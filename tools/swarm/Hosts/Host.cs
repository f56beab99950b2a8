using NexStream.Core;
using NexStream.Core.Audit;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Network;
using NexStream.Swarm.Oracles;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Hosts;

/// <summary>
/// One life of a node: an endpoint, its arena, its clock, its application, and the loop that drives them as docs/architecture.md asks.
/// </summary>
internal sealed class Host
{
    /// <summary>More frames or rounds of events than this from one batch of inputs mean that an endpoint keeps itself, or its application, busy.</summary>
    private const int FramesPerDrainMax = 5_000;
    private const int RoundsPerDrainMax = 2_000;

    /// <summary>A deadline that was served and is still due, again and again, is a loop without progress.</summary>
    private const int DueAgainMax = 2;

    private readonly World _world;
    private readonly Draw _draw;
    private readonly Transmission[] _burst = [new(), new(), new(), new()];
    private readonly Instant[] _deadlines;
    private readonly ConnectionHandle[] _timed;
    private readonly EndpointAudit _audit;
    private readonly WindowOracle _window;
    private readonly HostTransmit _transmit;
    private long _lateNs;
    private long _polledAt = -1;
    private int _turn;
    private int _idleTurns;

    public Host(World world, int index, HostPlan plan, EndpointConfig config, Clock clock, byte[] memory, Draw draw, TraceRecorder? recorder)
    {
        _world = world;
        _draw = draw;
        Index = index;
        Plan = plan;
        Clock = clock;
        Memory = System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        Endpoint = new Endpoint(config, new FrameArena(Memory, plan.FrameSize, plan.FrameCount), recorder);
        Endpoint.State.UsesPrediction = !draw.OneIn(4);
        Holds = new LinkHolds(Endpoint);
        Regions = new PeerMemory(Endpoint);
        _deadlines = new Instant[config.MaxConnections];
        Array.Fill(_deadlines, Instant.Never);
        _timed = new ConnectionHandle[config.MaxConnections];
        _audit = new EndpointAudit(Endpoint);
        _window = new WindowOracle(Endpoint);
        _transmit = new HostTransmit(world, this);
        Application = new Application(world, this, draw.Fork());
    }

    public int Index { get; }

    public HostPlan Plan { get; }

    public Clock Clock { get; }

    public Endpoint Endpoint { get; }

    public Application Application { get; }

    public LinkHolds Holds { get; }

    public PeerMemory Regions { get; }

    public Inbox Inbox { get; } = new();

    /// <summary>The first byte of its arena.</summary>
    public nint Memory { get; }

    /// <summary>It crashed: nobody calls its endpoint any more.</summary>
    public bool IsDead { get; private set; }

    /// <summary>What its clock shows.</summary>
    public Instant Now => Clock.Read(_world.Now);

    /// <summary>When it wants its next turn.</summary>
    public long NextAt
    {
        get
        {
            Instant deadline = Instant.Never;
            foreach (Instant at in _deadlines)
            {
                deadline = Instant.Min(deadline, at);
            }

            long timer = Clock.WhenIs(deadline, _world.Now);
            timer = timer == long.MaxValue ? timer : timer + _lateNs;
            long next = Math.Min(Math.Min(timer, Inbox.NextAt), Math.Min(Holds.NextAt, Application.NextAt));
            next = Math.Max(next, _world.Now);
            bool isRare = Plan.PollNs > 0 && next < long.MaxValue - Plan.PollNs;
            return isRare ? (next + Plan.PollNs - 1) / Plan.PollNs * Plan.PollNs : next;
        }
    }

    /// <summary>A packet will arrive.</summary>
    public void Expect(Packet packet, long at) => Inbox.Add(packet, at);

    /// <summary>A peer that maps the arena, or a link, gives holds back.</summary>
    public void ReturnHold(uint frame, int holds)
    {
        if (!IsDead)
        {
            Holds.Release(frame, holds);
        }
    }

    /// <summary>One turn of the loop.</summary>
    public void Poll()
    {
        CheckProgress();
        Instant now = Now;
        Holds.ReleaseDue(_world.Now);
        while (Inbox.TryTake(_world.Now, out Packet packet))
        {
            _transmit.Deliver(packet, now, _draw);
            _world.Packets.Return(packet);
            if (_draw.OneIn(4))
            {
                Drain(now);
            }
        }

        FireDue(now);
        Application.Act(now);
        Drain(now);
        for (int again = 0; IsDue(now); again++)
        {
            if (again == DueAgainMax)
            {
                throw new SwarmFailureException("no deadline in the past twice", $"host {Index}: a deadline was served {DueAgainMax} times at {now} and is due again");
            }

            FireDue(now);
            Drain(now);
        }

        _lateNs = _world.Plan.Has(Feature.SloppyTimers) && !_world.IsHealed ? (long)(_draw.Next() % (20 * (ulong)Instant.Millisecond)) : 0;
        Application.CheckStatistics();
        Closing.Watch(_world, Application);
        if (++_turn % 16 == 0 || _world.IsThorough)
        {
            Audit();
        }
    }

    /// <summary>Looks through everything that the endpoint holds.</summary>
    public void Audit()
    {
        _audit.Check(Holds.Counts);
        CheckBounds();
    }

    /// <summary>It crashes: the endpoint is never called again, and nothing of it is given back.</summary>
    public void Die()
    {
        IsDead = true;
        Inbox.Clear(_world.Packets);
        Regions.Die();
        Application.OnHostDied();
    }

    /// <summary>With no connection left, and with everything given back that was lent, nothing is held.</summary>
    public void CheckEmpty()
    {
        EndpointState state = Endpoint.State;
        int records = state.ConnectionCount + (state.Paths.Count - state.Paths.FreeCount) + Math.Abs(state.HalfOpenCount) + state.Streams.Count + state.Segments.Count + state.Messages.Count + state.Inbound.Count
            + state.Packets.Count + state.Controls.Count + state.Ranges.Count + state.Store.Chunks.Count + state.Probabilistic.Count + state.Groups.Count
            + state.StreamIndex.Count + state.PartialIndex.Count + state.PeerIndex.Count;
        int frames = Plan.FrameCount - Endpoint.Arena.FreeCount;
        int peers = Regions.Tidy();
        if (records + frames + peers + Holds.Total != 0)
        {
            throw new SwarmFailureException(
                "nothing is leaked",
                $"host {Index} holds {records} records, {frames} frames, of {peers} peers, and links {Holds.Total}, when everything has ended: "
                + $"connections {state.ConnectionCount}, paths {state.Paths.Count - state.Paths.FreeCount}, half open {state.HalfOpenCount}, streams {state.Streams.Count}, segments {state.Segments.Count}, messages {state.Messages.Count}, "
                + $"inbound {state.Inbound.Count}, packets {state.Packets.Count}, controls {state.Controls.Count}, ranges {state.Ranges.Count}, chunks {state.Store.Chunks.Count}, "
                + $"groups {state.Groups.Count}, stream index {state.StreamIndex.Count}, partial index {state.PartialIndex.Count}, peer index {state.PeerIndex.Count}");
        }
    }

    /// <summary>Takes what the endpoint has to say, in the order that it asks for.</summary>
    public void Drain(Instant now)
    {
        int frames = 0;
        int rounds = 0;
        bool acted;
        do
        {
            frames += TransmitAll(now);
            acted = false;
            while (Endpoint.TryGetEvent(out EndpointEvent item))
            {
                acted = true;
                _world.Trace.OnEvent(this, item);
                Application.OnEvent(item, now);
            }

            if (frames > FramesPerDrainMax || ++rounds > RoundsPerDrainMax)
            {
                throw new SwarmFailureException("a host's loop ends", $"host {Index}: one batch of inputs made {frames} frames and {rounds} rounds of events");
            }
        }
        while (acted);

        while (Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            _world.Trace.OnDeadline(this, deadline);
            _timed[deadline.Connection.Index] = deadline.Connection;
            _deadlines[deadline.Connection.Index] = deadline.Deadline;
        }
    }

    private int TransmitAll(Instant now)
    {
        int sent = 0;
        while (true)
        {
            _window.Begin();
            int places = _draw.Between(1, _burst.Length);
            int count = Endpoint.Transmit(now, _burst.AsSpan(0, places));
            _window.End();
            for (int i = 0; i < count; i++)
            {
                _transmit.Send(_burst[i]);
            }

            sent += count;
            if (count < places || sent > FramesPerDrainMax)
            {
                return sent;
            }
        }
    }

    private bool IsDue(Instant now)
    {
        foreach (Instant at in _deadlines)
        {
            if (at <= now)
            {
                return true;
            }
        }

        return false;
    }

    private void FireDue(Instant now)
    {
        for (int i = 0; i < _deadlines.Length; i++)
        {
            bool isEarly = _timed[i] != default && _world.Plan.Has(Feature.SloppyTimers) && _draw.OneIn(32);
            if (_deadlines[i] <= now || isEarly)
            {
                // A call that is early, or for a connection that is gone, does nothing and loses nothing: the deadline is announced again.
                _deadlines[i] = Instant.Never;
                Endpoint.HandleTimeout(_timed[i], now);
            }
        }
    }

    private void CheckProgress()
    {
        const int TurnsMax = 64;
        _idleTurns = _polledAt == _world.Now ? _idleTurns + 1 : 0;
        _polledAt = _world.Now;
        if (_idleTurns > TurnsMax)
        {
            throw new SwarmFailureException("a host's loop lets time pass", $"host {Index} wanted {TurnsMax} turns at one instant");
        }
    }

    /// <summary>
    /// No connection holds more of the arena than its share. What an application did not return of a connection that ended counts for the next one in its place,
    /// whose share may be another: so it is the largest share that any of them has.
    /// </summary>
    private void CheckBounds()
    {
        int share = Math.Max(Plan.FrameCount * Plan.Choices.Max(choice => choice.ArenaShare256) / 256, 1);
        foreach (Connection connection in Endpoint.State.Connections)
        {
            CheckShare(Endpoint.State.Frames.HeldBy(connection.Index), share);
        }
    }

    /// <summary>Frames that a connection holds, and may hold.</summary>
    public static void CheckShare(int held, int share)
    {
        if (held > share)
        {
            throw new SwarmFailureException("memory within bounds", $"a connection holds {held} frames, and its share is {share}");
        }
    }
}
