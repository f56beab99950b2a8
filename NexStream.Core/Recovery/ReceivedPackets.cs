using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Core.Recovery;

/// <summary>
/// The packets received on one path, and when they have to be acknowledged (RFC 9000 §13.2). Bounded: what is beyond
/// <see cref="RangeCapacity"/> ranges is forgotten, the oldest first, and refused as a duplicate from then on.
/// </summary>
internal struct ReceivedPackets
{
    /// <summary>Ranges that are remembered.</summary>
    public const int RangeCapacity = 32;

    // Every second packet is acknowledged (RFC 9000 §13.2.2) while the sender may be in slow start, whose growth depends on it: 64 are about
    // what three round trips send from an initial window of ten packets.
    private const int SlowStartThreshold = 2;
    private const int SlowStartPackets = 64;

    private RangeBuffer _ranges;
    private int _rangeCount;

    // Every number below this counts as received.
    private ulong _floor;

    // Ranges that end below this need no more acknowledging, because the sender knows of them. It is only raised by acknowledgements that
    // report a largest number of at least _settleFrom: earlier ones may not contain what arrived late.
    private ulong _settled;
    private ulong _settleFrom;

    private ulong _largestAckEliciting;
    private bool _hasAckEliciting;
    private int _unacknowledged;
    private int _ackElicitingSeen;
    private int _threshold;
    private long _maxAckDelayNs;

    /// <summary>Whether a packet was received.</summary>
    public bool HasAny { get; private set; }

    /// <summary>The largest number received; 0 when there is none.</summary>
    public ulong Largest { get; private set; }

    /// <summary>When the packet with the largest number arrived: the acknowledgement delay counts from here.</summary>
    public Instant LargestReceivedAt { get; private set; }

    /// <summary>Packets received with ECT(0).</summary>
    public ulong Ect0 { get; private set; }

    /// <summary>Packets received with ECT(1).</summary>
    public ulong Ect1 { get; private set; }

    /// <summary>Packets received with congestion experienced.</summary>
    public ulong Ce { get; private set; }

    /// <summary>Whether an acknowledgement is due at once.</summary>
    public bool AckImmediately { get; private set; }

    /// <summary>When an acknowledgement is due; <see cref="Instant.Never"/> when none is owed.</summary>
    public Instant AckDeadline { get; private set; }

    /// <summary>The ranges to acknowledge, newest first; all of them lie above whatever follows. The newest is always among them.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<PacketNumberRange> Ranges
    {
        get
        {
            ReadOnlySpan<PacketNumberRange> ranges = _ranges;
            int count = _rangeCount;
            while (count > 1 && ranges[count - 1].Last < _settled)
            {
                count--;
            }

            return ranges[..count];
        }
    }

    /// <summary>A new path. Zeroed memory must be reset before its first use.</summary>
    /// <param name="threshold">After the first packets, so many ack-eliciting packets are acknowledged together; at least 1.</param>
    /// <param name="maxAckDelayNs">The longest that an acknowledgement waits: what we announced to the peer.</param>
    public void Reset(int threshold, long maxAckDelayNs) => this = new ReceivedPackets
    {
        _threshold = Math.Max(1, threshold),
        _maxAckDelayNs = Math.Max(0, maxAckDelayNs),
        AckDeadline = Instant.Never,
    };

    /// <summary>Whether a packet was received before, or is so old that nobody knows.</summary>
    public readonly bool IsDuplicate(ulong packetNumber)
    {
        if (packetNumber < _floor)
        {
            return true;
        }

        ReadOnlySpan<PacketNumberRange> ranges = _ranges;
        foreach (PacketNumberRange range in ranges[.._rangeCount])
        {
            if (packetNumber >= range.First)
            {
                return packetNumber <= range.Last;
            }
        }

        return false;
    }

    /// <summary>A packet was received and processed. Duplicates change nothing, not even the ECN counts (RFC 9000 §13.4.1).</summary>
    /// <param name="packetNumber">Its number on this path.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="ackEliciting">Whether it carries anything that must be acknowledged.</param>
    /// <param name="ecn">The code point that it arrived with.</param>
    public void Record(ulong packetNumber, Instant now, bool ackEliciting, EcnCodepoint ecn)
    {
        if (IsDuplicate(packetNumber))
        {
            return;
        }

        Count(ecn);
        if (!HasAny || packetNumber > Largest)
        {
            HasAny = true;
            Largest = packetNumber;
            LargestReceivedAt = now;
        }
        else
        {
            _settleFrom = Largest;
            _settled = Math.Min(_settled, packetNumber);
        }

        ulong rangeFirst = Insert(packetNumber);
        if (ackEliciting)
        {
            Schedule(packetNumber, rangeFirst, now, ecn);
        }
    }

    /// <summary>An acknowledgement with all ranges left: nothing is owed any more.</summary>
    public void OnAckSent()
    {
        _unacknowledged = 0;
        AckImmediately = false;
        AckDeadline = Instant.Never;
    }

    /// <summary>
    /// The peer acknowledged a packet that carried an acknowledgement of ours: what that reported need not be reported again
    /// (RFC 9000 §13.2.4). It stays refused as a duplicate.
    /// </summary>
    /// <param name="largestReported">The largest number that the acknowledgement reported.</param>
    public void OnAckAcknowledged(ulong largestReported)
    {
        if (HasAny && largestReported <= Largest && largestReported > _settleFrom)
        {
            _settled = Math.Max(_settled, largestReported);
        }
    }

    private void Count(EcnCodepoint ecn)
    {
        switch (ecn)
        {
            case EcnCodepoint.Ect0:
                Ect0++;
                break;
            case EcnCodepoint.Ect1:
                Ect1++;
                break;
            case EcnCodepoint.CongestionExperienced:
                Ce++;
                break;
            default:
                break;
        }
    }

    /// <summary>Adds a number that is not there yet and returns the first number of the range that it is in now.</summary>
    private ulong Insert(ulong packetNumber)
    {
        Span<PacketNumberRange> ranges = _ranges;
        int index = 0;
        while (index < _rangeCount && ranges[index].First > packetNumber)
        {
            index++;
        }

        // The ranges before the index lie above the number, those from it on below.
        bool joinsNewer = index > 0 && ranges[index - 1].First == packetNumber + 1;
        bool joinsOlder = index < _rangeCount && ranges[index].Last == packetNumber - 1;
        if (joinsNewer && joinsOlder)
        {
            ranges[index - 1] = ranges[index - 1] with { First = ranges[index].First };
            ranges[(index + 1).._rangeCount].CopyTo(ranges[index..]);
            _rangeCount--;
            return ranges[index - 1].First;
        }

        if (joinsNewer)
        {
            ranges[index - 1] = ranges[index - 1] with { First = packetNumber };
            return packetNumber;
        }

        if (joinsOlder)
        {
            ranges[index] = ranges[index] with { Last = packetNumber };
            return ranges[index].First;
        }

        if (_rangeCount == RangeCapacity)
        {
            if (index == RangeCapacity)
            {
                // Older than all that is remembered, and there is no room: it was processed, so it must never be accepted again.
                _floor = packetNumber + 1;
                return packetNumber;
            }

            _rangeCount--;
            _floor = ranges[_rangeCount].Last + 1;
        }

        ranges[index.._rangeCount].CopyTo(ranges[(index + 1)..]);
        ranges[index] = new PacketNumberRange(packetNumber, packetNumber);
        _rangeCount++;
        return packetNumber;
    }

    /// <summary>Decides when an ack-eliciting packet is acknowledged (RFC 9000 §13.2.1 and §13.2.2).</summary>
    private void Schedule(ulong packetNumber, ulong rangeFirst, Instant now, EcnCodepoint ecn)
    {
        // Out of order, or with packets missing between it and the ack-eliciting packet before it: the sender should know at once.
        bool isIrregular = _hasAckEliciting && (packetNumber < _largestAckEliciting || rangeFirst > _largestAckEliciting);
        if (!_hasAckEliciting || packetNumber > _largestAckEliciting)
        {
            _hasAckEliciting = true;
            _largestAckEliciting = packetNumber;
        }

        _ackElicitingSeen = Math.Min(_ackElicitingSeen + 1, SlowStartPackets + 1);
        _unacknowledged = Math.Min(_unacknowledged + 1, _threshold);
        int threshold = _ackElicitingSeen <= SlowStartPackets ? Math.Min(SlowStartThreshold, _threshold) : _threshold;
        if (isIrregular || ecn == EcnCodepoint.CongestionExperienced || _unacknowledged >= threshold)
        {
            AckImmediately = true;
            AckDeadline = Instant.Min(AckDeadline, now);
        }
        else
        {
            AckDeadline = Instant.Min(AckDeadline, now + _maxAckDelayNs);
        }
    }

    [InlineArray(RangeCapacity)]
    private struct RangeBuffer
    {
        private PacketNumberRange _first;
    }
}
