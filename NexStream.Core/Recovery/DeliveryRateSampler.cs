using System.Runtime.CompilerServices;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Core.Recovery;

/// <summary>
/// Measures how fast a path delivers, packet by packet (draft-ietf-ccwg-bbr §4.1): between the sending of a packet and its acknowledgement so many
/// bytes were delivered, over the longer of the time that they took to send and the time that they took to be acknowledged.
/// </summary>
internal struct DeliveryRateSampler
{
    private Instant _deliveredAt;
    private Instant _firstSentAt;

    // The sample of the batch at hand: the state when its most recently sent packet left.
    private Instant _priorDeliveredAt;
    private long _priorDelivered;
    private long _sendElapsedNs;
    private long _priorLost;
    private long _transmitInFlight;
    private bool _hasSample;
    private bool _isApplicationLimited;

    // Delivered bytes at which the last packet that the application's silence slowed down is delivered; 0: it does not limit.
    private long _applicationLimitedUntil;

    /// <summary>Bytes delivered so far ("C.delivered").</summary>
    public long Delivered { get; private set; }

    /// <summary>Bytes declared lost so far ("C.lost").</summary>
    public long Lost { get; private set; }

    /// <summary>Whether what is in flight, or will be sent now, samples the application rather than the path.</summary>
    public readonly bool IsApplicationLimited => _applicationLimitedUntil > 0;

    /// <summary>Nothing is left to send though the window would let it (§4.1.2.4).</summary>
    public void OnApplicationLimited(long bytesInFlight) => _applicationLimitedUntil = Math.Max(Delivered + bytesInFlight, 1);

    /// <summary>A packet leaves: remembers what its sample will be compared with (§4.1.2.2).</summary>
    /// <param name="packet">The packet, its size and time set.</param>
    /// <param name="bytesInFlight">Bytes in flight, the packet not included.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnSent(ref SentPacket packet, long bytesInFlight)
    {
        if (bytesInFlight == 0)
        {
            _firstSentAt = packet.SentAt;
            _deliveredAt = packet.SentAt;
        }

        packet.Delivered = Delivered;
        packet.DeliveredAt = _deliveredAt;
        packet.FirstSentAt = _firstSentAt;
        packet.Lost = Lost;
        packet.TransmitInFlight = bytesInFlight + packet.Size;
        if (IsApplicationLimited)
        {
            packet.Flags |= SentPacketFlags.ApplicationLimited;
        }
    }

    /// <summary>Packets were acknowledged (§4.1.2.3).</summary>
    /// <param name="packet">The newest of them, or the record that it is the last of.</param>
    /// <param name="bytes">The length of all.</param>
    /// <param name="now">When.</param>
    public void OnAcknowledged(in SentPacket packet, long bytes, Instant now)
    {
        Delivered += bytes;
        _deliveredAt = now;
        if (_hasSample && packet.Delivered < _priorDelivered)
        {
            return;
        }

        _hasSample = true;
        _priorDelivered = packet.Delivered;
        _priorDeliveredAt = packet.DeliveredAt;
        _priorLost = packet.Lost;
        _transmitInFlight = packet.LastTransmitInFlight;
        _sendElapsedNs = packet.SentAt - packet.FirstSentAt;
        _isApplicationLimited = (packet.Flags & SentPacketFlags.ApplicationLimited) != 0;
        _firstSentAt = packet.SentAt;
    }

    /// <summary>A packet was declared lost: what there is to know about it.</summary>
    public LostPacket OnLost(in SentPacket packet, Instant now)
    {
        Lost += packet.Size;
        return new LostPacket
        {
            Now = now,
            PacketNumber = packet.Number,
            SentAt = packet.SentAt,
            Bytes = packet.Size,
            TransmitInFlight = packet.TransmitInFlight,
            SampleLostBytes = Lost - packet.Lost,
            PriorDelivered = packet.Delivered,
            IsApplicationLimited = (packet.Flags & SentPacketFlags.ApplicationLimited) != 0,
        };
    }

    /// <summary>A packet that was declared lost was acknowledged after all.</summary>
    public void OnSpuriousLoss(int bytes, Instant now)
    {
        Delivered += bytes;
        Lost -= bytes;
        _deliveredAt = now;
    }

    /// <summary>The sample of all packets acknowledged since the last call (§4.1.2.3, "GenerateRateSample").</summary>
    /// <param name="now">When the acknowledgement arrived.</param>
    /// <param name="minRttNs">The smallest round trip: what was measured over less time says more about bunched acknowledgements than about the path.</param>
    public DeliveryRateSample Take(Instant now, long minRttNs)
    {
        if (_applicationLimitedUntil > 0 && Delivered > _applicationLimitedUntil)
        {
            _applicationLimitedUntil = 0;
        }

        if (!_hasSample)
        {
            return default;
        }

        _hasSample = false;
        long delivered = Delivered - _priorDelivered;
        long intervalNs = Math.Max(_sendElapsedNs, now - _priorDeliveredAt);
        bool isMeasured = intervalNs > 0 && intervalNs >= minRttNs;
        return new DeliveryRateSample(
            _priorDelivered,
            delivered,
            isMeasured ? intervalNs : 0,
            isMeasured ? Arithmetic.Rate(delivered, intervalNs) : 0,
            _transmitInFlight,
            Lost - _priorLost,
            _isApplicationLimited);
    }
}
