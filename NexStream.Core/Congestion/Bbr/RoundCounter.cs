namespace NexStream.Core.Congestion.Bbr;

/// <summary>Counts packet-timed round trips (draft-ietf-ccwg-bbr §5.5.1): one ends when a packet sent after it began is acknowledged.</summary>
internal struct RoundCounter
{
    private long _nextRoundDelivered;

    /// <summary>BBR.round_count.</summary>
    public long Count { get; private set; }

    /// <summary>BBR.round_start: whether the acknowledgement at hand ended a round.</summary>
    public bool IsStart { get; private set; }

    /// <summary>StartRound(): the round that now begins ends with a packet that is sent from now on.</summary>
    /// <param name="delivered">Bytes delivered so far.</param>
    public void Start(long delivered) => _nextRoundDelivered = delivered;

    /// <summary>UpdateRound().</summary>
    /// <param name="priorDelivered">Bytes that had been delivered when the acknowledged packet left.</param>
    /// <param name="delivered">Bytes delivered so far.</param>
    public void Update(long priorDelivered, long delivered)
    {
        IsStart = priorDelivered >= _nextRoundDelivered;
        if (IsStart)
        {
            Start(delivered);
            Count++;
        }
    }
}
