using System.Numerics;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Core.Recovery;

/// <summary>
/// The packets received on one path: a bit for each of the latest <see cref="Window"/> numbers. Older ones are refused as duplicates, so that a
/// packet is taken in at most once (RFC 9000 §12.3) however many are missing, at a cost that does not depend on how many are.
/// </summary>
internal struct ReceivedPackets
{
    /// <summary>Numbers that are remembered one by one. At 1 Gbit/s and 1500 bytes these are 49 ms of packets: the furthest that one may be overtaken.</summary>
    public const int Window = WordCount * WordBits;

    private const int WordBits = 64;
    private const int WordCount = 64;

    // A range is reported for at least three round trips: a loss is declared after 9/8 of one, and its report may be lost as well.
    private const int ReportRoundTrips = 3;

    private Bitmap _bits;

    // Every number below this counts as received.
    private ulong _floor;

    // From here to the largest nothing is missing. It may lie below the floor.
    private ulong _newestFirst;

    // Ranges that end below this need no more reporting: the sender knows of them, or has long given up what was missing. Acknowledgements
    // that report a largest number of less than _settleFrom do not raise it: they may not contain what arrived late.
    private ulong _settled;
    private ulong _settleFrom;
    private ulong _settleNext;
    private Instant _settleAt;

    // When there are more ranges than an acknowledgement has room for, the older ones take turns: the next goes on below this. 0: it begins anew.
    private ulong _resumeBelow;

    private AckSchedule _schedule;

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
    public readonly bool AckImmediately => _schedule.IsImmediate;

    /// <summary>When an acknowledgement is due; <see cref="Instant.Never"/> when none is owed.</summary>
    public readonly Instant AckDeadline => _schedule.Deadline;

    /// <summary>A new path. Zeroed memory must be reset before its first use.</summary>
    /// <param name="thresholdMax">The most ack-eliciting packets that are acknowledged together; at least 1.</param>
    /// <param name="maxAckDelayNs">The longest that an acknowledgement waits: what we announced to the peer.</param>
    public void Reset(int thresholdMax, long maxAckDelayNs)
    {
        this = default;
        _schedule = AckSchedule.Create(thresholdMax, maxAckDelayNs);
        _settleAt = Instant.Never;
    }

    /// <summary>Whether a packet was received before, or is so old that nobody knows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsDuplicate(ulong packetNumber)
    {
        if (!HasAny || packetNumber > Largest)
        {
            return false;
        }

        return packetNumber < _floor || (_bits[WordOf(packetNumber)] & BitOf(packetNumber)) != 0;
    }

    /// <summary>A packet was received and processed. Duplicates change nothing, not even the ECN counts (RFC 9000 §13.4.1).</summary>
    /// <param name="packetNumber">Its number on this path.</param>
    /// <param name="now">When it arrived.</param>
    /// <param name="ackEliciting">Whether it carries anything that must be acknowledged.</param>
    /// <param name="ecn">The code point that it arrived with.</param>
    /// <param name="isAckAsked">Whether its sender waits for the acknowledgement.</param>
    /// <param name="roundTripNs">The round-trip time, as far as this side knows it.</param>
    public void Record(
        ulong packetNumber, Instant now, bool ackEliciting, EcnCodepoint ecn, bool isAckAsked = false, long roundTripNs = RttEstimator.InitialRttNs)
    {
        if (packetNumber > Largest && packetNumber - 1 == Largest && HasAny && ackEliciting && !isAckAsked)
        {
            RecordNext(now, ecn, roundTripNs);
        }
        else
        {
            RecordAny(packetNumber, now, ackEliciting, ecn, isAckAsked, roundTripNs);
        }
    }

    private void RecordAny(ulong packetNumber, Instant now, bool ackEliciting, EcnCodepoint ecn, bool isAckAsked, long roundTripNs)
    {
        if (IsDuplicate(packetNumber))
        {
            return;
        }

        Count(ecn);
        Settle(now, roundTripNs);
        ulong rangeFirst = !HasAny || packetNumber > Largest ? Append(packetNumber, now) : Fill(packetNumber);
        if (ackEliciting)
        {
            bool isUrgent = isAckAsked || ecn == EcnCodepoint.CongestionExperienced;
            _schedule.OnAckEliciting(packetNumber, rangeFirst, now, isUrgent, roundTripNs);
        }
    }

    /// <summary>The packet behind the largest was received, ack-eliciting, and nobody asked for its acknowledgement: <see cref="Record"/>, at less cost.</summary>
    /// <param name="now">When it arrived.</param>
    /// <param name="ecn">The code point that it arrived with.</param>
    /// <param name="roundTripNs">The round-trip time, as far as this side knows it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RecordNext(Instant now, EcnCodepoint ecn, long roundTripNs)
    {
        ulong number = Largest + 1;
        if (number % WordBits == 0)
        {
            RecordAny(number, now, ackEliciting: true, ecn, isAckAsked: false, roundTripNs);
            return;
        }

        Count(ecn);
        Settle(now, roundTripNs);
        _bits[WordOf(number)] |= BitOf(number);
        Largest = number;
        LargestReceivedAt = now;
        if (ecn == EcnCodepoint.CongestionExperienced || !_schedule.TryCount(number, now))
        {
            OnIrregular(number, now, ecn, roundTripNs);
        }
    }

    /// <summary>So many packets behind the largest were received at one instant, one like the other: <see cref="RecordNext(Instant, EcnCodepoint, long)"/> for each.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="now">When they arrived.</param>
    /// <param name="ecn">The code point that they arrived with.</param>
    /// <param name="roundTripNs">The round-trip time, as far as this side knows it.</param>
    public void RecordNext(int count, Instant now, EcnCodepoint ecn, long roundTripNs)
    {
        for (int left = count; left > 0;)
        {
            int regular = Math.Min(left, _schedule.CountableMax);
            if (regular > 0 && TryRecordRun(regular, now, ecn))
            {
                left -= regular;
            }
            else
            {
                RecordNext(now, ecn, roundTripNs);
                left--;
            }
        }
    }

    /// <summary>Adds packets that change nothing but counts. False: the next of them does, and nothing was done.</summary>
    private bool TryRecordRun(int count, Instant now, EcnCodepoint ecn)
    {
        bool isSettled = now < _settleAt && _settleAt != Instant.Never;
        if (!isSettled || ecn == EcnCodepoint.CongestionExperienced || !_schedule.TryCount(Largest + (uint)count, count, now))
        {
            return false;
        }

        Count(ecn, (uint)count);
        AppendRun(Largest + (uint)count, now);
        return true;
    }

    private void OnIrregular(ulong number, Instant now, EcnCodepoint ecn, long roundTripNs) =>
        _schedule.OnAckEliciting(number, _newestFirst, now, ecn == EcnCodepoint.CongestionExperienced, roundTripNs);

    /// <summary>
    /// The ranges to acknowledge, newest first, apart from each other; the newest is always among them. When there are more than fit, the newest
    /// half of the room is theirs, and in the rest the older ones take turns from call to call: nothing is left out for ever.
    /// </summary>
    /// <param name="destination">Room for at least two.</param>
    /// <param name="isComplete">Whether all were written.</param>
    /// <returns>How many were written.</returns>
    public int CopyRanges(Span<PacketNumberRange> destination, out bool isComplete)
    {
        isComplete = true;
        if (!HasAny)
        {
            return 0;
        }

        destination[0] = new PacketNumberRange(_newestFirst, Largest);
        int count = 1;
        ulong below = _newestFirst;
        while (TryFindBelow(below, out ulong last) && last >= _settled)
        {
            if (count == destination.Length)
            {
                isComplete = false;
                _resumeBelow = below;
                return count;
            }

            below = RunFirst(last);
            destination[count++] = new PacketNumberRange(below, last);
            if (count == destination.Length / 2 && _resumeBelow > 0 && _resumeBelow < below)
            {
                isComplete = false;
                below = _resumeBelow;
            }
        }

        _resumeBelow = 0;
        return count;
    }

    /// <summary>An acknowledgement with all ranges left: nothing is owed any more.</summary>
    public void OnAckSent() => _schedule.OnAckSent();

    /// <summary>
    /// The peer acknowledged a packet that carried a complete acknowledgement of ours: what that reported need not be reported again
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

    private static int WordOf(ulong packetNumber) => (int)(packetNumber / WordBits % WordCount);

    private static ulong BitOf(ulong packetNumber) => 1UL << (int)(packetNumber % WordBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(EcnCodepoint ecn, uint packets = 1)
    {
        switch (ecn)
        {
            case EcnCodepoint.Ect0:
                Ect0 += packets;
                break;
            case EcnCodepoint.Ect1:
                Ect1 += packets;
                break;
            case EcnCodepoint.CongestionExperienced:
                Ce += packets;
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// One-way data is answered by acknowledgements that nobody acknowledges, so that nothing would ever be settled: what was reported for some
    /// round trips is (RFC 9000 §13.2.3 lets a receiver choose).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Settle(Instant now, long roundTripNs)
    {
        if (now >= _settleAt || _settleAt == Instant.Never)
        {
            SettleNow(now, roundTripNs);
        }
    }

    private void SettleNow(Instant now, long roundTripNs)
    {
        _settled = Math.Max(_settled, _settleNext);
        _settleNext = Largest;
        _settleAt = now + (ReportRoundTrips * Math.Clamp(roundTripNs, 0, RttEstimator.SampleMaxNs));
    }

    /// <summary>Adds a number above all others, and returns the first of the range that it is in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Append(ulong packetNumber, Instant now)
    {
        ulong word = packetNumber / WordBits;
        ulong largestWord = HasAny ? Largest / WordBits : word;
        for (ulong clear = Math.Min(word - largestWord, WordCount); clear > 0; clear--)
        {
            _bits[(int)((word - clear + 1) % WordCount)] = 0;
        }

        _floor = Math.Max(_floor, word < WordCount ? 0 : (word - WordCount + 1) * WordBits);
        if (!HasAny || packetNumber != Largest + 1)
        {
            _newestFirst = packetNumber;
        }

        HasAny = true;
        Largest = packetNumber;
        LargestReceivedAt = now;
        _bits[WordOf(packetNumber)] |= BitOf(packetNumber);
        return _newestFirst;
    }

    /// <summary>Adds all numbers behind the largest up to one.</summary>
    private void AppendRun(ulong last, Instant now)
    {
        for (ulong first = Largest + 1; first <= last; first = Largest + 1)
        {
            // The first number of a word makes room for the word.
            Append(first, now);
            ulong end = Math.Min(last, first | (WordBits - 1));
            _bits[WordOf(end)] |= UpTo(end) & ~(BitOf(first) - 1);
            Largest = end;
        }
    }

    /// <summary>Adds a number below the largest, and returns the first of the range that it is in.</summary>
    private ulong Fill(ulong packetNumber)
    {
        _settleFrom = Largest;
        _settled = Math.Min(_settled, packetNumber);
        _settleNext = Math.Min(_settleNext, packetNumber);
        _bits[WordOf(packetNumber)] |= BitOf(packetNumber);
        ulong first = RunFirst(packetNumber);
        if (packetNumber == _newestFirst - 1)
        {
            _newestFirst = first;
        }

        return first;
    }

    /// <summary>The lowest number, not below the floor, from which all up to this one were received.</summary>
    private readonly ulong RunFirst(ulong packetNumber)
    {
        ulong word = packetNumber / WordBits;
        ulong missing = ~_bits[WordOf(packetNumber)] & UpTo(packetNumber);
        while (missing == 0)
        {
            if (word * WordBits <= _floor)
            {
                return _floor;
            }

            word--;
            missing = ~_bits[(int)(word % WordCount)];
        }

        return Math.Max(_floor, (word * WordBits) + HighestBit(missing) + 1);
    }

    /// <summary>The highest number received below this one and not below the floor.</summary>
    private readonly bool TryFindBelow(ulong packetNumber, out ulong found)
    {
        found = 0;
        if (packetNumber <= _floor)
        {
            return false;
        }

        ulong word = (packetNumber - 1) / WordBits;
        ulong set = _bits[WordOf(packetNumber - 1)] & UpTo(packetNumber - 1);
        while (set == 0)
        {
            if (word * WordBits <= _floor)
            {
                return false;
            }

            word--;
            set = _bits[(int)(word % WordCount)];
        }

        found = (word * WordBits) + HighestBit(set);
        return found >= _floor;
    }

    private static ulong UpTo(ulong packetNumber) => ulong.MaxValue >> (WordBits - 1 - (int)(packetNumber % WordBits));

    private static ulong HighestBit(ulong word) => (ulong)BitOperations.Log2(word);

    [InlineArray(WordCount)]
    private struct Bitmap
    {
        private ulong _first;
    }
}
