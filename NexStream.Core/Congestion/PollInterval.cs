using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// How often the host calls the endpoint, as a moving average: a loop that runs 60 times a second must be allowed to send a sixtieth of a
/// second's packets at once. One instance serves an endpoint.
/// </summary>
internal struct PollInterval
{
    /// <summary>The longest interval that counts: a longer one is a pause, not a rhythm, and would allow bursts that no queue absorbs.</summary>
    public const long MaxNs = 20 * Instant.Millisecond;

    // A new interval counts for an eighth, as a round-trip time does (RFC 6298 §2).
    private const int Weight = 8;

    private Instant _last;
    private bool _hasLast;
    private bool _hasInterval;

    /// <summary>Nanoseconds between polls, at most <see cref="MaxNs"/>; 0 before the second poll.</summary>
    public long Ns { get; private set; }

    /// <summary>The host begins a turn of its loop. Calls at the same instant are one turn; a clock that goes backwards stands still.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnPoll(Instant now)
    {
        if (now > _last || !_hasLast)
        {
            OnTurn(now);
        }
    }

    private void OnTurn(Instant now)
    {
        if (!_hasLast)
        {
            _hasLast = true;
            _last = now;
            return;
        }

        // A difference beyond the range of a long wraps to a negative one: it is a long pause as well.
        long elapsedNs = now - _last;
        long intervalNs = elapsedNs < 0 ? MaxNs : Math.Min(elapsedNs, MaxNs);
        Ns = _hasInterval ? Ns + ((intervalNs - Ns) / Weight) : intervalNs;
        _hasInterval = true;
        _last = now;
    }
}
