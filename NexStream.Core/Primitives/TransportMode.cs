namespace NexStream.Core.Primitives;

/// <summary>How a stream delivers what is sent on it (seed §3.1). Set when the stream is opened, the same for both directions, never changed.</summary>
public enum TransportMode : byte
{
    /// <summary>All bytes, in order, exactly once (as TCP, RFC 9293).</summary>
    ReliableOrdered = 0x01,

    /// <summary>All messages, exactly once, each as soon as it is complete.</summary>
    ReliableUnordered = 0x02,

    /// <summary>Messages of at most one packet, sent once (as UDP, RFC 768).</summary>
    BestEffort = 0x03,

    /// <summary>Messages of at most one packet, delivered with a chosen probability, never retransmitted.</summary>
    Probabilistic = 0x04,
}
