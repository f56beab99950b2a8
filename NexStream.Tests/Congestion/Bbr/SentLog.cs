using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>What a sender remembers of its packets: samples, round trips, RFC 9002's loss detector, and the calls of the controller that follow.</summary>
internal sealed class SentLog(ICongestionController congestion)
{
    private const int RingSize = 1 << 16;
    private const ulong PacketThreshold = 3;

    private readonly SentPacket[] _packets = new SentPacket[RingSize];
    private readonly Fate[] _fates = new Fate[RingSize];
    private DeliveryRateSampler _sampler;
    private RttEstimator _rtt;
    private ulong _oldest;
    private ulong _largestAcked;
    private bool _hasAck;
    private ulong _ceReported;

    private enum Fate : byte
    {
        None,
        InFlight,
        Acknowledged,
        Lost,
    }

    public ulong NextNumber { get; private set; }

    public long BytesInFlight { get; private set; }

    public long LostBytes { get; private set; }

    public long Delivered => _sampler.Delivered;

    /// <summary>When a packet counts as lost by time.</summary>
    public Instant LossAt { get; private set; } = Instant.Never;

    public long PtoNs => _rtt.PtoNs(Receiver.MaxAckDelayNs);

    /// <summary>The last batch that the controller was told of.</summary>
    public AcknowledgedBatch LastBatch { get; private set; }

    /// <summary>Nothing is left to send.</summary>
    public void OnApplicationLimited() => _sampler.OnApplicationLimited(BytesInFlight);

    /// <summary>A packet leaves; returns its number.</summary>
    public ulong OnSent(Instant now, int bytes)
    {
        ref SentPacket packet = ref _packets[NextNumber % RingSize];
        if (_fates[NextNumber % RingSize] == Fate.InFlight)
        {
            throw new InvalidOperationException("the ring is too small for what is in flight");
        }

        packet = new SentPacket { Number = NextNumber, Packets = 1, SentAt = now, Size = bytes };
        _sampler.OnSent(ref packet, BytesInFlight);
        _fates[NextNumber % RingSize] = Fate.InFlight;
        BytesInFlight += bytes;
        congestion.OnPacketsSent(now, bytes, BytesInFlight, NextNumber, _sampler.IsApplicationLimited);
        return NextNumber++;
    }

    /// <summary>An acknowledgement of these packets, oldest first. False: it acknowledged nothing new.</summary>
    public bool OnAck(ulong[] numbers, ulong ce, Instant now)
    {
        FindSpurious(numbers, now);
        long priorInFlight = BytesInFlight;
        long priorLost = _sampler.Lost;
        long bytes = 0;
        int count = 0;
        SentPacket largest = default;
        foreach (ulong number in numbers)
        {
            if (_fates[number % RingSize] != Fate.InFlight)
            {
                continue;
            }

            ref SentPacket packet = ref _packets[number % RingSize];
            _fates[number % RingSize] = Fate.Acknowledged;
            BytesInFlight -= packet.Size;
            bytes += packet.Size;
            count++;
            largest = packet;
            _sampler.OnAcknowledged(packet, packet.Size, now);
        }

        long rttSample = 0;
        if (count > 0)
        {
            if (!_hasAck || largest.Number > _largestAcked)
            {
                _rtt.Update(now - largest.SentAt, 0);
                rttSample = _rtt.LatestNs;
                _largestAcked = largest.Number;
            }

            _hasAck = true;
        }

        if (ce > _ceReported)
        {
            congestion.OnCongestionExperienced(now, largest.SentAt, ce - _ceReported);
            _ceReported = ce;
        }

        Detect(now);
        if (count == 0)
        {
            return false;
        }

        DeliveryRateSample sample = _sampler.Take(now, _rtt.MinNs);
        LastBatch = new AcknowledgedBatch
        {
            Now = now,
            AcknowledgedBytes = bytes,
            AcknowledgedPackets = count,
            LargestAcknowledged = largest.Number,
            LargestAcknowledgedSentAt = largest.SentAt,
            LargestSent = NextNumber - 1,
            BytesInFlight = BytesInFlight,
            PriorBytesInFlight = priorInFlight,
            RttSampleNs = rttSample,
            LatestRttNs = _rtt.LatestNs,
            SmoothedRttNs = _rtt.SmoothedNs,
            MinRttNs = _rtt.MinNs,
            IsApplicationLimited = sample.IsApplicationLimited,
            Delivered = _sampler.Delivered,
            PriorDelivered = sample.PriorDelivered,
            SampleDelivered = sample.Delivered,
            DeliveryRate = sample.Rate,
            DeliveryIntervalNs = sample.IntervalNs,
            TransmitInFlight = sample.TransmitInFlight,
            LostBytes = _sampler.Lost - priorLost,
            SampleLostBytes = sample.LostBytes,
        };
        congestion.OnAcknowledged(LastBatch);
        return true;
    }

    private void FindSpurious(ulong[] numbers, Instant now)
    {
        foreach (ulong number in numbers)
        {
            if (_fates[number % RingSize] == Fate.Lost && _packets[number % RingSize].Number == number)
            {
                SentPacket packet = _packets[number % RingSize];
                _fates[number % RingSize] = Fate.Acknowledged;
                _sampler.OnSpuriousLoss(packet.Size, now);
                congestion.OnSpuriousLoss(now, packet.SentAt, packet.Size);
            }
        }
    }

    /// <summary>Declares lost what the packet or time threshold says (RFC 9002 §6.1).</summary>
    public void Detect(Instant now)
    {
        LossAt = Instant.Never;
        long priorInFlight = BytesInFlight;
        long lost = 0;
        int packets = 0;
        int ranges = 0;
        SentPacket last = default;
        long longestNs = 0;
        Instant startedAt = default;
        ulong number = _oldest;
        for (; _hasAck && number < _largestAcked; number++)
        {
            if (_fates[number % RingSize] != Fate.InFlight)
            {
                continue;
            }

            ref SentPacket packet = ref _packets[number % RingSize];
            Instant due = packet.SentAt + _rtt.LossDelayNs;
            if (number + PacketThreshold > _largestAcked && due > now)
            {
                LossAt = due;
                break;
            }

            if (packets == 0 || last.Number + 1 != number)
            {
                ranges++;
                startedAt = packet.SentAt;
            }

            longestNs = Math.Max(longestNs, packet.SentAt - startedAt);
            last = packet;
            packets++;
            lost += packet.Size;
            BytesInFlight -= packet.Size;
            _fates[number % RingSize] = Fate.Lost;
            congestion.OnPacketLost(_sampler.OnLost(packet, now));
        }

        _oldest = number;
        if (packets == 0)
        {
            return;
        }

        LostBytes += lost;
        congestion.OnLost(new LostBatch
        {
            Now = now,
            LostBytes = lost,
            LostPackets = packets,
            LostRanges = ranges,
            LargestLost = last.Number,
            LargestLostSentAt = last.SentAt,
            BytesInFlight = BytesInFlight,
            PriorBytesInFlight = priorInFlight,
            Delivered = _sampler.Delivered,
            PersistentCongestion = longestNs > _rtt.PersistentCongestionNs(Receiver.MaxAckDelayNs),
        });
    }
}
