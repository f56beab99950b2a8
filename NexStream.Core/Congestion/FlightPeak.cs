namespace NexStream.Core.Congestion;

/// <summary>
/// The most bytes that were in flight in this round trip and in the one before: whether a window was used shows in the fullest moment of a round, not in what is left
/// when the last of its packets is acknowledged (as in Linux, tcp_cwnd_validate).
/// </summary>
internal struct FlightPeak
{
    private long _thisRound;
    private long _lastRound;
    private ulong _roundEnd;

    /// <summary>Bytes.</summary>
    public readonly long Bytes => Math.Max(_thisRound, _lastRound);

    /// <summary>Packets were sent, and so many bytes are in flight with them.</summary>
    public void OnSent(long bytesInFlight) => _thisRound = Math.Max(_thisRound, bytesInFlight);

    /// <summary>Packets were acknowledged: a round is over when one that was sent in it is.</summary>
    public void OnAcknowledged(in AcknowledgedBatch batch)
    {
        _thisRound = Math.Max(_thisRound, batch.PriorBytesInFlight);
        if (batch.LargestAcknowledged > _roundEnd)
        {
            _roundEnd = batch.LargestSent;
            _lastRound = _thisRound;
            _thisRound = batch.BytesInFlight;
        }
    }
}
