using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>
/// Finds the longest frame that a path carries (RFC 8899, DPLPMTUD). Probes are packets of padding, so that nothing is lost with them and
/// their loss says nothing about congestion (§3); and when frames that went through before vanish, it falls back to the length that
/// every path carries (§4.3, black hole detection) and searches again. Lengths are bytes of whole NexLink frames.
/// </summary>
internal struct MtuDiscovery
{
    /// <summary>MAX_PROBES: so many lost probes of one length mean that the path does not carry it (RFC 8899 §5.1.2).</summary>
    private const int ProbesMax = 3;

    /// <summary>PMTU_RAISE_TIMER: how long after a search the next one looks whether the path carries more by now (RFC 8899 §5.1.1).</summary>
    private const long RaiseNs = 600 * Instant.Second;

    /// <summary>The search ends when less than this could still be won: a fiftieth of a full Ethernet frame (RFC 8899 §5.3.2 leaves the step open).</summary>
    private const int StepMin = 32;

    /// <summary>Probe time-outs in a row while long packets are in flight: one may be the loss of a tail, a second one is tried with short packets.</summary>
    private const int ProbeTimeoutsMax = 2;

    /// <summary>
    /// Losses of long packets alone, each of packets that left after the one before was noticed, while none that left later arrives: a queue that
    /// overflows lets some through.
    /// </summary>
    private const int LossesMax = 3;

    private int _base;
    private int _limit;
    private int _upper;
    private int _probe;
    private int _probesLost;
    private int _losses;
    private bool _isProbeInFlight;
    private Instant _searchAt;

    // When the newest long packet that arrived had left, and when the last loss that counts was noticed.
    private Instant _arrivedSentAt;
    private Instant _lossNotedAt;

    /// <summary>The longest frame that the path is known to carry.</summary>
    public int FrameLength { get; private set; }

    /// <summary>A new path.</summary>
    /// <param name="known">What it is believed to carry.</param>
    /// <param name="limit">What both ends can take: what is searched for.</param>
    /// <param name="lowest">What every path carries (BASE_PLPMTU).</param>
    public void Reset(int known, int limit, int lowest)
    {
        this = default;
        _base = Math.Min(lowest, known);
        FrameLength = known;
        _limit = limit;
        _upper = limit;
        _searchAt = Instant.Never;
        _arrivedSentAt = new Instant(long.MinValue);
        _lossNotedAt = _arrivedSentAt;
        if (known < limit)
        {
            _searchAt = default;
            _probe = limit;
        }
    }

    /// <summary>Whether a probe may become due without anything else happening first.</summary>
    public readonly bool IsSearching
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !_isProbeInFlight && _probe > FrameLength;
    }

    /// <summary>The length of the probe that should be sent now; 0: none.</summary>
    public readonly int ProbeDue(Instant now) => IsSearching && now >= _searchAt ? _probe : 0;

    /// <summary>A probe left.</summary>
    public void OnProbeSent() => _isProbeInFlight = true;

    /// <summary>A probe arrived: the path carries it, and the search goes on above.</summary>
    public void OnProbeAcknowledged(int length, Instant now)
    {
        _isProbeInFlight = false;
        FrameLength = Math.Max(FrameLength, length);
        _probesLost = 0;
        _losses = 0;
        Continue(now);
    }

    /// <summary>A probe was lost, by chance or because it is too long.</summary>
    public void OnProbeLost(int length, Instant now)
    {
        _isProbeInFlight = false;
        if (length == _probe && ++_probesLost >= ProbesMax)
        {
            _probesLost = 0;
            _upper = length - 1;
            Continue(now);
        }
    }

    /// <summary>A packet that was no probe arrived.</summary>
    public void OnAcknowledged(int length, Instant sentAt)
    {
        if (length > _base)
        {
            _losses = 0;
            _arrivedSentAt = Instant.Max(_arrivedSentAt, sentAt);
        }
    }

    /// <summary>A batch of packets was lost. True: the path has stopped carrying long ones, and <see cref="FrameLength"/> has changed.</summary>
    /// <param name="shortest">The length of the shortest of them.</param>
    /// <param name="newestSentAt">When the newest of them left.</param>
    /// <param name="now">When.</param>
    public bool OnLost(int shortest, Instant newestSentAt, Instant now)
    {
        if (shortest <= _base || newestSentAt <= _arrivedSentAt || newestSentAt <= _lossNotedAt)
        {
            return false;
        }

        _lossNotedAt = now;
        return ++_losses >= LossesMax && FallBack(now);
    }

    /// <summary>A probe time-out passed. True: the path has stopped carrying long packets, and <see cref="FrameLength"/> has changed.</summary>
    /// <param name="count">How many have passed in a row.</param>
    /// <param name="oldest">The length of the oldest packet in flight.</param>
    /// <param name="now">When.</param>
    public bool OnProbeTimeout(int count, int oldest, Instant now) => count >= ProbeTimeoutsMax && oldest > _base && FallBack(now);

    private bool FallBack(Instant now)
    {
        _losses = 0;
        if (FrameLength <= _base)
        {
            return false;
        }

        // It may have been an outage after all: what was carried before is tried first.
        _probe = FrameLength;
        _probesLost = 0;
        _upper = _limit;
        _searchAt = now;
        FrameLength = _base;
        return true;
    }

    /// <summary>The next length to try: the limit first, then the middle of what is left; when little is left, the search rests.</summary>
    private void Continue(Instant now)
    {
        if (_upper - FrameLength < StepMin)
        {
            _upper = _limit;
            _probe = _limit;
            _searchAt = now + RaiseNs;
            return;
        }

        _probe = _upper == _limit ? _limit : FrameLength + ((_upper - FrameLength + 1) / 2);
    }
}
