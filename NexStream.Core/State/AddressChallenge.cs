using NexStream.Core.Primitives;

namespace NexStream.Core.State;

/// <summary>
/// A node from which packets of the connection come though it is not the path's (RFC 9000 §9): it is asked whether it hears us. Until it has answered nothing else
/// goes there, and nothing changes.
/// </summary>
internal struct AddressChallenge
{
    /// <summary>At most three times what came from an address that was not validated is sent to it (RFC 9000 §8).</summary>
    private const ulong AmplificationFactor = 3;

    /// <summary>Questions, a probe time-out apart, before the node is forgotten (RFC 9000 §8.2.4: three of them).</summary>
    public const int AttemptsMax = 3;

    public NodeId Remote;

    /// <summary>What the answer has to repeat.</summary>
    public ulong PingId;

    public Instant SentAt;

    /// <summary>When it is asked (again); never: nobody is.</summary>
    public Instant NextAt;

    private int _attempts;
    private ulong _received;
    private ulong _sent;

    public static AddressChallenge None => new() { NextAt = Instant.Never };

    public readonly bool IsActive => NextAt != Instant.Never;

    /// <summary>A packet came from a node that is not the path's, the newest so far.</summary>
    public void OnPacket(NodeId remote, int size, Instant now)
    {
        if (!IsActive || Remote != remote)
        {
            this = new AddressChallenge { Remote = remote, NextAt = now };
        }

        _received += (uint)size;
    }

    /// <summary>Whether a question of so many bytes may go now; when no more may, the node is forgotten.</summary>
    public bool MayAsk(int size, Instant now)
    {
        if (NextAt > now)
        {
            return false;
        }

        if (_attempts >= AttemptsMax || _sent + (uint)size > AmplificationFactor * _received)
        {
            this = None;
            return false;
        }

        return true;
    }

    /// <summary>It was asked.</summary>
    public void OnAsked(ulong pingId, int size, Instant now, long timeoutNs)
    {
        PingId = pingId;
        SentAt = now;
        NextAt = now + timeoutNs;
        _attempts++;
        _sent += (uint)size;
    }

    /// <summary>Whether this is the answer.</summary>
    public readonly bool IsAnsweredBy(NodeId remote, ulong pingId) => IsActive && _attempts > 0 && Remote == remote && PingId == pingId;
}
