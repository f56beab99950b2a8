using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>A packet that was declared lost, with what the delivery-rate sampler knew when it left (draft-ietf-ccwg-bbr §4.1.2.2). Bytes are whole packets.</summary>
public readonly struct LostPacket
{
    /// <summary>When the loss was detected.</summary>
    public Instant Now { get; init; }

    /// <summary>Its number.</summary>
    public ulong PacketNumber { get; init; }

    /// <summary>When it was sent.</summary>
    public Instant SentAt { get; init; }

    /// <summary>Its length in bytes.</summary>
    public int Bytes { get; init; }

    /// <summary>Bytes in flight just after it was sent, itself included ("P.tx_in_flight").</summary>
    public long TransmitInFlight { get; init; }

    /// <summary>Bytes declared lost between its sending and now, itself included ("rs.lost").</summary>
    public long SampleLostBytes { get; init; }

    /// <summary>Bytes that had been delivered when it was sent ("P.delivered").</summary>
    public long PriorDelivered { get; init; }

    /// <summary>Whether the application limited the sender when it left ("P.is_app_limited").</summary>
    public bool IsApplicationLimited { get; init; }
}
