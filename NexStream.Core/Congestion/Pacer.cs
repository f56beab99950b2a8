using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// Spreads packets over time (RFC 9002 §7.7). A token bucket kept as one instant: when the next packet is due. Each packet moves it by the
/// time that its bytes take at the pacing rate; idleness lets it fall behind, by at most the burst tolerance. Nothing is refilled, so nothing
/// depends on how often it is asked, and the part of a nanosecond that a division leaves over is carried to the next packet.
/// </summary>
internal struct Pacer
{
    /// <summary>
    /// A burst may always be so long, for a host that is called at every instant. RFC 9002 §7.7 allows ten; a queue of half a small
    /// bandwidth-delay product (eight frames) then overflows at every acknowledgement of as many: the table of utilisation shows it.
    /// </summary>
    public const int BurstFrames = 3;

    /// <summary>No burst is longer than what the rate sends in 20 ms, but for <see cref="BurstMinFrames"/>.</summary>
    public const long BurstMaxNs = PollInterval.MaxNs;

    /// <summary>However slow the rate, two packets may leave together: the peer acknowledges every second one (RFC 9000 §13.2.2).</summary>
    public const int BurstMinFrames = 2;

    private int _frameLength;
    private long _rate;
    private long _frameNs;
    private Instant _nextAt;
    private ulong _remainder;

    /// <summary>A new path: a whole burst may leave at once.</summary>
    /// <param name="frameLength">Bytes of the longest packet that the path carries.</param>
    public void Reset(int frameLength)
    {
        _frameLength = frameLength;
        _rate = 0;
        _frameNs = 0;
        _nextAt = new Instant(long.MinValue);
        _remainder = 0;
    }

    /// <summary>The longest packet that the path carries has changed.</summary>
    public void OnFrameLengthChanged(int frameLength)
    {
        _frameLength = frameLength;
        _frameNs = _rate > 0 ? frameLength * Instant.Second / _rate : 0;
    }

    /// <summary>When the next packet may leave: <paramref name="now"/> or later.</summary>
    /// <param name="now">The present.</param>
    /// <param name="rateBytesPerSecond">The pacing rate; 0 or less means that packets are not paced.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Instant NextSendTime(Instant now, long rateBytesPerSecond) => rateBytesPerSecond <= 0 ? now : NextPacedTime(now, rateBytesPerSecond);

    /// <summary>Whether packets of one length may leave together: the last does if those before it leave it credit.</summary>
    /// <param name="now">The present.</param>
    /// <param name="packets">How many; at least one.</param>
    /// <param name="bytes">The length of each.</param>
    /// <param name="rateBytesPerSecond">The pacing rate; 0 or less means that packets are not paced.</param>
    /// <param name="pollIntervalNs">How long the host is away between two polls.</param>
    public bool MayLeaveTogether(Instant now, int packets, int bytes, long rateBytesPerSecond, long pollIntervalNs)
    {
        if (rateBytesPerSecond <= 0)
        {
            return true;
        }

        if (NextPacedTime(now, rateBytesPerSecond) > now)
        {
            return false;
        }

        // The last packet is due when the others are paid for; what is a part of a nanosecond late is not late.
        ulong cost = ((ulong)(packets - 1) * (ulong)bytes * (ulong)Instant.Second) + _remainder;
        long creditNs = now - Instant.Max(_nextAt, now + -BurstToleranceNs(pollIntervalNs));
        return cost < (UInt128)(creditNs + 1) * (ulong)rateBytesPerSecond;
    }

    private Instant NextPacedTime(Instant now, long rateBytesPerSecond)
    {
        AdoptRate(now, rateBytesPerSecond);
        return Instant.Max(now, _nextAt);
    }

    /// <summary>A packet left, or several together: the bytes decide, not how many packets they are.</summary>
    /// <param name="now">The present.</param>
    /// <param name="bytes">Their length; not negative.</param>
    /// <param name="rateBytesPerSecond">The pacing rate; 0 or less means that packets are not paced.</param>
    /// <param name="pollIntervalNs">How long the host is away between two polls (<see cref="PollInterval"/>).</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnSent(Instant now, int bytes, long rateBytesPerSecond, long pollIntervalNs)
    {
        if (rateBytesPerSecond > 0)
        {
            OnSentPaced(now, bytes, rateBytesPerSecond, pollIntervalNs);
            return;
        }

        // What leaves unpaced is a burst already: pacing starts without credit.
        _rate = 0;
        _nextAt = now;
    }

    private void OnSentPaced(Instant now, int bytes, long rateBytesPerSecond, long pollIntervalNs)
    {
        AdoptRate(now, rateBytesPerSecond);
        ulong cost = ((ulong)bytes * (ulong)Instant.Second) + _remainder;
        ulong costNs = cost / (ulong)rateBytesPerSecond;
        _remainder = cost - (costNs * (ulong)rateBytesPerSecond);
        Instant earliest = now + -BurstToleranceNs(pollIntervalNs);
        _nextAt = Instant.Max(_nextAt, earliest) + (long)costNs;
    }

    /// <summary>
    /// How far the due time may fall behind. The packet that reaches the present still leaves, so a burst is one packet longer than this.
    /// The poll interval counts with a quarter more, so that a loop that is not quite regular loses nothing.
    /// </summary>
    private readonly long BurstToleranceNs(long pollIntervalNs)
    {
        long pollNs = Math.Clamp(pollIntervalNs, 0, BurstMaxNs) * 5 / 4;
        long framesNs = (BurstFrames - 1) * Math.Min(_frameNs, BurstMaxNs);
        return Math.Max((BurstMinFrames - 1) * _frameNs, Math.Min(BurstMaxNs, Math.Max(pollNs, framesNs)));
    }

    /// <summary>A new rate applies to what is already owed, so that a rate that was low for a moment does not block the path for long.</summary>
    private void AdoptRate(Instant now, long rate)
    {
        if (rate == _rate)
        {
            return;
        }

        if (_rate > 0 && _nextAt > now)
        {
            UInt128 owedNs = (UInt128)Math.Max(0, _nextAt - now) * (UInt128)_rate / (UInt128)rate;
            _nextAt = now + (long)UInt128.Min(owedNs, long.MaxValue);
        }

        _rate = rate;
        _frameNs = _frameLength * Instant.Second / rate;
        if (_remainder >= (ulong)rate)
        {
            _remainder = 0;
        }
    }
}
