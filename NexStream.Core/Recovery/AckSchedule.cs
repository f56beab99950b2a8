using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>
/// When received packets are acknowledged (RFC 9000 §13.2.1 and §13.2.2). What is irregular, and what the sender asks for, at once; the
/// rest at most <c>max_ack_delay</c> later, and together: the faster packets come, the more of them one acknowledgement stands for, but
/// several acknowledgements leave per round trip, so that the sender sees losses and rates in time.
/// </summary>
internal struct AckSchedule
{
    /// <summary>
    /// Packets that a regular acknowledgement waits for at least. It is about a twelfth of a full packet long, so one for ten leaves the
    /// reverse direction less than a hundredth of the forward one's bytes, and a path may be that unequal.
    /// </summary>
    public const int RegularPackets = 10;

    // Acknowledgements per round trip at high rates: each then stands for an eighth of what is in flight.
    private const int PerRoundTrip = 8;

    // Every fourth packet at first, while the sender may be in slow start: 16 are what the initial window and its first acknowledgements send. RFC 9000
    // §13.2.2 says every second; a reverse path of a hundredth of the rate would have a full queue from the first round trip on, and a small
    // window that is full asks by itself.
    private const int FirstPackets = 16;
    private const int FirstThreshold = 4;

    private ulong _largestAckEliciting;
    private bool _hasAckEliciting;
    private int _unacknowledged;
    private int _seen;
    private int _threshold;
    private int _thresholdMax;
    private long _maxAckDelayNs;
    private Instant _roundEndsAt;
    private int _roundPackets;

    /// <summary>Whether an acknowledgement is due at once.</summary>
    public bool IsImmediate { get; private set; }

    /// <summary>When an acknowledgement is due; <see cref="Instant.Never"/> when none is owed.</summary>
    public Instant Deadline { get; private set; }

    /// <summary>A new path.</summary>
    /// <param name="thresholdMax">The most ack-eliciting packets that wait for one acknowledgement; at least 1.</param>
    /// <param name="maxAckDelayNs">The longest that an acknowledgement waits: what was announced to the peer.</param>
    public static AckSchedule Create(int thresholdMax, long maxAckDelayNs) => new()
    {
        _thresholdMax = Math.Max(1, thresholdMax),
        _threshold = Math.Clamp(thresholdMax, 1, RegularPackets),
        _maxAckDelayNs = Math.Max(0, maxAckDelayNs),
        _roundEndsAt = Instant.Never,
        Deadline = Instant.Never,
    };

    /// <summary>An acknowledgement left: nothing is owed any more.</summary>
    public void OnAckSent()
    {
        _unacknowledged = 0;
        IsImmediate = false;
        Deadline = Instant.Never;
    }

    /// <summary>An ack-eliciting packet arrived.</summary>
    /// <param name="packetNumber">Its number.</param>
    /// <param name="rangeFirst">The lowest number from which on nothing is missing up to it.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="isUrgent">Whether it was marked by the network, or its sender waits for the acknowledgement.</param>
    /// <param name="roundTripNs">The round-trip time, as far as this side knows it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnAckEliciting(ulong packetNumber, ulong rangeFirst, Instant now, bool isUrgent, long roundTripNs)
    {
        // Out of order, or with packets missing between it and the ack-eliciting packet before it: the sender should know at once.
        bool isIrregular = _hasAckEliciting && (packetNumber < _largestAckEliciting || rangeFirst > _largestAckEliciting);
        if (!_hasAckEliciting || packetNumber > _largestAckEliciting)
        {
            _hasAckEliciting = true;
            _largestAckEliciting = packetNumber;
        }

        CountRound(now, roundTripNs);
        _seen = Math.Min(_seen + 1, FirstPackets + 1);
        _unacknowledged = Math.Min(_unacknowledged + 1, _thresholdMax);
        int threshold = _seen <= FirstPackets ? Math.Min(FirstThreshold, _threshold) : _threshold;
        if (isIrregular || isUrgent || _unacknowledged >= threshold)
        {
            IsImmediate = true;
            Deadline = Instant.Min(Deadline, now);
        }
        else
        {
            Deadline = Instant.Min(Deadline, now + _maxAckDelayNs);
        }
    }

    /// <summary>
    /// The packet behind the largest arrived, ack-eliciting and like it: where it changes nothing but counts, it is counted. False: nothing was done, and
    /// <see cref="OnAckEliciting"/> is to be called.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryCount(ulong packetNumber, Instant now) => TryCount(packetNumber, 1, now);

    /// <summary>How many packets may be counted before one of them makes an acknowledgement due.</summary>
    public readonly int CountableMax => IsImmediate ? int.MaxValue : _threshold - 1 - _unacknowledged;

    /// <summary>The same for so many packets that arrived at one instant, up to this number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryCount(ulong packetNumber, int count, Instant now)
    {
        int unacknowledged = _unacknowledged + count;
        bool isDueAnyway = IsImmediate || (unacknowledged < _threshold && Deadline != Instant.Never);
        if (!isDueAnyway || _seen <= FirstPackets || now >= _roundEndsAt || packetNumber != _largestAckEliciting + (uint)count)
        {
            return false;
        }

        _largestAckEliciting = packetNumber;
        _unacknowledged = Math.Min(unacknowledged, _thresholdMax);
        _roundPackets += count;
        return true;
    }

    /// <summary>Once a round trip, the threshold follows the number of packets that came in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CountRound(Instant now, long roundTripNs)
    {
        if (_roundEndsAt == Instant.Never || now - _roundEndsAt > roundTripNs)
        {
            // The first round, or one after a pause: there is nothing to compare with.
            _roundEndsAt = now + roundTripNs;
            _roundPackets = 0;
        }
        else if (now >= _roundEndsAt)
        {
            _threshold = Math.Clamp(_roundPackets / PerRoundTrip, Math.Min(RegularPackets, _thresholdMax), _thresholdMax);
            _roundEndsAt = now + roundTripNs;
            _roundPackets = 0;
        }

        _roundPackets++;
    }
}
