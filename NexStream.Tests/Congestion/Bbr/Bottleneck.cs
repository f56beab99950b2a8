using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>
/// One bottleneck between senders and receivers, in virtual time: a rate, a drop-tail queue, a propagation delay half of which lies on the way back.
/// Everything that happens is an event in one ordered queue, so a run always gives the same.
/// </summary>
internal sealed class Bottleneck
{
    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private readonly Queue<(Flow Flow, ulong Number, int Bytes, Instant Arrived)> _queue = new();
    private long _order;
    private bool _isSending;
    private long _tokens;
    private Instant _tokensAt;
    private ulong _losses;

    public Instant Now { get; private set; } = new(Instant.Second);

    /// <summary>Bytes per second.</summary>
    public long Rate { get; set; } = 12_500_000;

    /// <summary>The round trip without queues.</summary>
    public long RttNs { get; set; } = 40 * Instant.Millisecond;

    /// <summary>Bytes that may wait.</summary>
    public long QueueLimit { get; set; } = long.MaxValue;

    /// <summary>Packets of a million that are lost at random.</summary>
    public ulong LossPerMillion { get; set; }

    /// <summary>Which of them are lost.</summary>
    public ulong LossSeed { get; init; } = 1;

    /// <summary>Bytes waiting from which on packets are marked instead of nothing.</summary>
    public long MarkAbove { get; set; } = long.MaxValue;

    /// <summary>A token bucket of so many bytes in front of the queue, filled at <see cref="PolicedRate"/>; 0: none.</summary>
    public long PolicerBurst { get; set; }

    public long PolicedRate { get; set; }

    /// <summary>Acknowledgements leave only at multiples of this.</summary>
    public long AckSlotNs { get; set; }

    /// <summary>Packets that were dropped.</summary>
    public long Dropped { get; private set; }

    /// <summary>Whether the packet of that number is dropped, whatever else holds.</summary>
    public Func<Flow, ulong, bool>? Drop { get; set; }

    /// <summary>How much later than the others the packet of that number arrives.</summary>
    public Func<Flow, ulong, long>? Delay { get; set; }

    public long QueuedBytes { get; private set; }

    public long Bdp => (long)((Int128)Rate * RttNs / Instant.Second);

    /// <summary>Waiting times of all packets since the last clearing, for quantiles.</summary>
    public List<long> WaitsNs { get; } = [];

    public void At(Instant time, Action action) => _events.Enqueue(action, (Math.Max(time.Nanoseconds, Now.Nanoseconds), _order++));

    public void RunFor(long ns) => RunUntil(static () => false, ns);

    /// <summary>Runs until the condition holds after an event. False: it did not within the time.</summary>
    public bool RunUntil(Func<bool> condition, long maxNs)
    {
        Instant end = Now + maxNs;
        while (_events.TryPeek(out Action? action, out (long Time, long) at) && at.Time <= end.Nanoseconds)
        {
            _events.Dequeue();
            Now = new Instant(at.Time);
            action();
            if (condition())
            {
                return true;
            }
        }

        Now = end;
        return false;
    }

    public void Send(Flow flow, ulong number, int bytes)
    {
        if (IsLost(flow, number) || !Police(bytes) || QueuedBytes + bytes > QueueLimit)
        {
            Dropped++;
            return;
        }

        if (QueuedBytes + bytes > MarkAbove)
        {
            flow.Mark(number);
        }

        _queue.Enqueue((flow, number, bytes, Now));
        QueuedBytes += bytes;
        if (!_isSending)
        {
            _isSending = true;
            StartSending();
        }
    }

    /// <summary>The way back of an acknowledgement.</summary>
    public void Return(Action action)
    {
        long at = Now.Nanoseconds;
        if (AckSlotNs > 0)
        {
            at = (at + AckSlotNs - 1) / AckSlotNs * AckSlotNs;
        }

        At(new Instant(at + (RttNs / 2)), action);
    }

    private bool IsLost(Flow flow, ulong number)
    {
        if (Drop?.Invoke(flow, number) == true)
        {
            return true;
        }

        return LossPerMillion > 0 && Lots.Draw(LossSeed, ++_losses) % 1_000_000 < LossPerMillion;
    }

    private bool Police(int bytes)
    {
        if (PolicerBurst == 0)
        {
            return true;
        }

        long filled = (long)((Int128)PolicedRate * (Now - _tokensAt) / Instant.Second);
        _tokens = Math.Min(PolicerBurst, _tokens + filled);
        _tokensAt = Now;
        if (_tokens < bytes)
        {
            return false;
        }

        _tokens -= bytes;
        return true;
    }

    private void StartSending()
    {
        (Flow flow, ulong number, int bytes, Instant arrived) = _queue.Peek();
        WaitsNs.Add(Now - arrived);
        long sendNs = (long)((Int128)bytes * Instant.Second / Rate);
        At(Now + sendNs, () =>
        {
            _queue.Dequeue();
            QueuedBytes -= bytes;
            long lateNs = Delay?.Invoke(flow, number) ?? 0;
            At(Now + (RttNs / 2) + lateNs, () => flow.Arrive(number));
            _isSending = _queue.Count > 0;
            if (_isSending)
            {
                StartSending();
            }
        });
    }
}
