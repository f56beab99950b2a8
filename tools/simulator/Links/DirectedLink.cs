using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Links;

/// <summary>
/// One direction of a link: a queue, a wire that sends one frame at a time at the link's rate, and the way to the other end, on which
/// frames are delayed, lost, overtaken and doubled. Its settings change at the times that the scenario says.
/// </summary>
internal sealed class DirectedLink : Actor
{
    private readonly Agenda _agenda;
    private readonly PacketPool _pool;
    private readonly Action<Packet, long> _deliver;
    private readonly QueueMeter _meter;
    private readonly List<(long At, LinkSpec Spec)> _steps;
    private readonly List<(long From, long To)> _outages;
    private readonly Queue<Packet> _queue = new();
    private readonly Queue<Packet> _inOrder = new();
    private readonly PriorityQueue<Packet, (long At, long Order)> _overtaken = new();
    private SimulationRandom _random;
    private LossModel _loss;
    private RandomEarlyDetection _red;
    private ControlledDelay _codel;
    private Packet? _onWire;
    private long _wireFreeAt = Never;
    private long _lastArrival;
    private long _overtakenCount;
    private int _nextStep;

    public DirectedLink(
        string name, DirectionSpec spec, int mtu, ulong seed, Agenda agenda, PacketPool pool, QueueMeter meter, Action<Packet, long> deliver)
    {
        Name = name;
        Settings = LinkSettings.Create(spec, mtu);
        _random = new SimulationRandom(seed);
        _agenda = agenda;
        _pool = pool;
        _meter = meter;
        _deliver = deliver;
        _steps = [.. spec.Steps.OrderBy(s => s.AtS).Select(s => (Nanoseconds(s.AtS), (LinkSpec)s))];
        _outages = [.. (spec.Outages ?? []).Select(o => (Nanoseconds(o.AtS), Nanoseconds(o.AtS + o.ForS)))];
        agenda.Add(this);
        Schedule();
    }

    /// <summary>link or reverse.</summary>
    public string Name { get; }

    public LinkSettings Settings { get; private set; }

    public LinkCounters Counters { get; } = new();

    /// <summary>Bytes that wait.</summary>
    public long Queued { get; private set; }

    public ILinkObserver? Observer { get; set; }

    /// <summary>Puts a frame into the queue.</summary>
    public void Send(Packet packet, long now)
    {
        Observer?.OnFrame(this, packet, FrameFate.Entered, now);
        if (packet.WireLength > Settings.Mtu)
        {
            Counters.TooLong++;
            Drop(packet, FrameFate.TooLong, now);
            return;
        }

        if (IsOut(now))
        {
            Counters.Lost++;
            Drop(packet, FrameFate.Outage, now);
            return;
        }

        if (!TryAdmit(packet, now))
        {
            Counters.Dropped++;
            Drop(packet, FrameFate.QueueDropped, now);
            return;
        }

        packet.EnteredAt = now;
        _queue.Enqueue(packet);
        Queued += packet.WireLength;
        if (_onWire is null)
        {
            StartNext(now);
            Schedule();
        }
    }

    public override void Act(long now)
    {
        while (_nextStep < _steps.Count && _steps[_nextStep].At <= now)
        {
            Settings = Settings.With(_steps[_nextStep++].Spec);
        }

        if (_wireFreeAt <= now)
        {
            Packet sent = _onWire!;
            _onWire = null;
            _wireFreeAt = Never;
            StartNext(now);
            Propagate(sent, now);
        }

        // One frame at a time: what the other end does with it may come back to this link.
        Packet? arrived = null;
        if (_inOrder.TryPeek(out Packet? first) && first.ArrivesAt <= now)
        {
            arrived = _inOrder.Dequeue();
        }
        else if (_overtaken.TryPeek(out Packet? late, out _) && late.ArrivesAt <= now)
        {
            arrived = _overtaken.Dequeue();
        }

        Schedule();
        if (arrived is not null)
        {
            Observer?.OnFrame(this, arrived, FrameFate.Delivered, now);
            _deliver(arrived, now);
        }
    }

    private static long Nanoseconds(double seconds) => (long)Math.Round(seconds * Instant.Second);

    private bool IsOut(long now)
    {
        foreach ((long from, long to) in _outages)
        {
            if (now >= from && now < to)
            {
                return true;
            }
        }

        return false;
    }

    private bool TryAdmit(Packet packet, long now)
    {
        bool isIdle = _onWire is null;
        Verdict verdict = Settings.Queue switch
        {
            // RED's average takes in every frame that comes, also one for which there is no room.
            QueueKind.Red => _red.Admit(Queued, isIdle, Settings, now, ref _random),
            QueueKind.DropTail when Queued > Settings.EcnMarkBytes => Verdict.Signal,
            _ => Verdict.Pass,
        };

        // A frame that finds the wire free does not wait, and needs no room.
        if (Queued + packet.WireLength > Settings.QueueBytes && !isIdle)
        {
            return false;
        }

        return verdict == Verdict.Pass || TryMark(packet) || Settings.Queue == QueueKind.DropTail;
    }

    /// <summary>Marks an ECN-capable frame, where the link marks at all.</summary>
    private bool TryMark(Packet packet)
    {
        if (Settings.EcnMarkBytes == long.MaxValue || packet.Header.Ecn is not (EcnCodepoint.Ect0 or EcnCodepoint.Ect1))
        {
            return false;
        }

        packet.Header.Ecn = EcnCodepoint.CongestionExperienced;
        Counters.Marked++;
        return true;
    }

    private void StartNext(long now)
    {
        while (_queue.TryDequeue(out Packet? packet))
        {
            Queued -= packet.WireLength;
            long waitedNs = now - packet.EnteredAt;
            if (Settings.Queue == QueueKind.CoDel && _codel.Leave(waitedNs, Queued, Settings.Mtu, now) == Verdict.Signal && !TryMark(packet))
            {
                Counters.Dropped++;
                Drop(packet, FrameFate.QueueDropped, now);
                continue;
            }

            _meter.OnLeft(packet.Flow, waitedNs);
            _onWire = packet;
            _wireFreeAt = now + Math.Max(1, (long)((Int128)packet.WireLength * Instant.Second / Settings.Rate));
            Counters.Frames++;
            Counters.Bytes += packet.WireLength;
            return;
        }

        _red.OnIdle(now);
    }

    private void Propagate(Packet packet, long now)
    {
        if (_loss.IsLost(Settings, ref _random))
        {
            Counters.Lost++;
            Drop(packet, FrameFate.Lost, now);
            return;
        }

        if (IsOut(now))
        {
            Counters.Lost++;
            Drop(packet, FrameFate.Outage, now);
            return;
        }

        if (_random.Chance(Settings.Corrupt))
        {
            // NexLink has no checksum of its own: the medium below finds the damage, as Ethernet's does, and the frame is gone.
            Counters.Corrupted++;
            Drop(packet, FrameFate.Corrupted, now);
            return;
        }

        if (_random.Chance(Settings.Duplicate))
        {
            Arrive(_pool.Copy(packet), now);
        }

        Arrive(packet, now);
    }

    private void Arrive(Packet packet, long now)
    {
        // Jitter and a shorter delay do not reorder, also not what is held back: only by what it is held back itself.
        long at = Math.Max(_lastArrival, now + Settings.DelayNs + _random.Below(Settings.JitterNs + 1));
        _lastArrival = at;
        if (_random.Chance(Settings.Reorder))
        {
            packet.ArrivesAt = at + 1 + _random.Below(Settings.ReorderDelayNs);
            _overtaken.Enqueue(packet, (packet.ArrivesAt, _overtakenCount++));
            return;
        }

        packet.ArrivesAt = at;
        _inOrder.Enqueue(packet);
    }

    private void Drop(Packet packet, FrameFate fate, long now)
    {
        Observer?.OnFrame(this, packet, fate, now);
        _pool.Return(packet);
    }

    private void Schedule()
    {
        long due = _wireFreeAt;
        due = Math.Min(due, _nextStep < _steps.Count ? _steps[_nextStep].At : Never);
        due = Math.Min(due, _inOrder.TryPeek(out Packet? first) ? first.ArrivesAt : Never);
        due = Math.Min(due, _overtaken.TryPeek(out Packet? late, out _) ? late.ArrivesAt : Never);
        if (due != DueAt)
        {
            DueAt = due;
            _agenda.Update(this);
        }
    }
}
