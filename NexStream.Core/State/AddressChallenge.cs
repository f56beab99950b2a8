using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.State;

/// <summary>
/// A node from which packets of the connection come though it is not the path's (RFC 9000 §9): it is asked whether it hears us. Until it has answered nothing else
/// goes there, and nothing changes. How long the way there takes nobody knows yet: it is asked again at twice the distance each time, an answer to any of the last
/// questions counts, and it has as long as a first round trip may take.
/// </summary>
internal struct AddressChallenge
{
    /// <summary>A question's bytes on the wire.</summary>
    public const int QuestionSize = LinkHeader.Size + PacketHeader.Size + PingFrame.WireSize;

    /// <summary>At most three times what came from an address that was not validated is sent to it (RFC 9000 §8).</summary>
    public const ulong AmplificationFactor = 3;

    /// <summary>A node is forgotten after three probe time-outs, or three of a path whose round trip is not known (RFC 9000 §8.2.4).</summary>
    private const int PatienceTimeouts = 3;

    /// <summary>Questions of which an answer counts. At distances that double, the last three are all but an eighth of the time.</summary>
    private const int QuestionsKept = 3;

    public NodeId Remote;

    private Instant _endsAt;
    private Instant _askAt;
    private long _intervalNs;
    private int _asked;
    private ulong _received;
    private ulong _sent;
    private Questions _questions;

    public static AddressChallenge None => new() { _endsAt = Instant.Never };

    public readonly bool IsActive => _endsAt != Instant.Never;

    /// <summary>When it is asked (again) or forgotten; never: nobody is.</summary>
    public readonly Instant NextAt => IsActive && HasAllowance ? Instant.Min(_askAt, _endsAt) : _endsAt;

    private readonly bool HasAllowance => _sent + QuestionSize <= AmplificationFactor * _received;

    /// <summary>A packet came from a node that is not the path's, the newest so far.</summary>
    /// <param name="remote">The node.</param>
    /// <param name="size">Bytes that came.</param>
    /// <param name="now">When.</param>
    /// <param name="timeoutNs">The probe time-out of the path in use.</param>
    public void OnPacket(NodeId remote, int size, Instant now, long timeoutNs)
    {
        if (!IsActive || Remote != remote)
        {
            long patienceNs = PatienceTimeouts * Math.Max(timeoutNs, RttEstimator.InitialPtoNs);
            this = new AddressChallenge { Remote = remote, _askAt = now, _endsAt = now + patienceNs, _intervalNs = timeoutNs };
        }

        _received += (uint)size;
    }

    /// <summary>Whether a question may go now. A node that has not answered in its time is forgotten.</summary>
    public bool MayAsk(Instant now)
    {
        if (_endsAt <= now)
        {
            this = None;
        }

        return IsActive && _askAt <= now && HasAllowance;
    }

    /// <summary>It was asked.</summary>
    public void OnAsked(ulong pingId, Instant now)
    {
        _questions[_asked % QuestionsKept] = new Question { PingId = pingId, SentAt = now };
        _asked++;
        _sent += QuestionSize;
        _askAt = now + _intervalNs;
        _intervalNs *= 2;
    }

    /// <summary>Whether this is an answer, and when it was asked for.</summary>
    public readonly bool IsAnsweredBy(NodeId remote, ulong pingId, out Instant askedAt)
    {
        askedAt = Instant.Never;
        for (int i = 0; IsActive && Remote == remote && i < Math.Min(_asked, QuestionsKept); i++)
        {
            askedAt = _questions[i].PingId == pingId ? _questions[i].SentAt : askedAt;
        }

        return askedAt != Instant.Never;
    }

    private struct Question
    {
        public ulong PingId;
        public Instant SentAt;
    }

    [InlineArray(QuestionsKept)]
    private struct Questions
    {
        private Question _first;
    }
}
