using NexStream.Core.Primitives;
using NexStream.Core.Sending;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// Answers to packets that belong to no connection: CONN_RETRY, refusals, and the reflected CONN_CLOSE for an unknown tag (RFC 9260
/// §8.4). They leave no state but a place in a short queue, and are limited in rate: what does not fit is counted and forgotten.
/// </summary>
internal sealed class StatelessAnswers(EndpointState state)
{
    /// <summary>The length of the queue, and what may be answered in one burst.</summary>
    private const int Capacity = 64;

    /// <summary>Answers a second in the long run: enough for a crowd that reconnects, useless as an amplifier.</summary>
    private const int PerSecond = 1000;

    private const long CostNs = Instant.Second / PerSecond;

    private readonly byte[] _cookie = new byte[Cookie.Size];
    private readonly Answer[] _queue = new Answer[Capacity];
    private int _head;
    private int _count;
    private Instant _paidUntil;

    private static ReadOnlySpan<byte> KnownVersions => [Handshake.Version >> 8, Handshake.Version & 0xff];

    public ulong Suppressed { get; private set; }

    /// <summary>Refuses a CONN_INIT.</summary>
    public void Refuse(in LinkHeader from, ulong tag, ReasonCode reason, Instant now) =>
        Enqueue(new Answer { Destination = from.Source, Tag = tag, Reason = reason }, now);

    /// <summary>Says that a tag is unknown, reflecting it so that the sender can tell that the answer comes from where it sent to.</summary>
    public void Reflect(in LinkHeader from, ulong tag, Instant now) =>
        Enqueue(new Answer { Destination = from.Source, Tag = tag, Reason = ReasonCode.ConnectionUnknown, IsReflected = true }, now);

    /// <summary>Asks for the cookie.</summary>
    public void Retry(in LinkHeader from, ulong tag, Instant now) => Enqueue(new Answer { Destination = from.Source, Tag = tag, IsRetry = true }, now);

    public bool IsEmpty => _count == 0;

    public bool TryWrite(Instant now, Wire.Transmission transmission)
    {
        if (_count == 0)
        {
            return false;
        }

        ref Answer answer = ref _queue[_head];
        _head = (_head + 1) % Capacity;
        _count--;
        var builder = new PacketBuilder(transmission, Config.ConnectionConfig.FrameLengthMin);
        if (answer.IsRetry)
        {
            Cookie.Write(state.CookieHash, _cookie, answer.Destination, state.Node, answer.Tag, now);
            new ConnRetryFrame { Cookie = _cookie }.TryWrite(ref builder.Writer);
        }
        else
        {
            new ConnCloseFrame
            {
                Reason = answer.Reason,
                IsReflected = answer.IsReflected,
                Versions = answer.Reason == ReasonCode.VersionUnknown ? KnownVersions : default,
            }.TryWrite(ref builder.Writer);
        }

        PacketFinisher.WriteHeaders(ref builder, state.Node, answer.Destination, new PacketHeader { Tag = answer.Tag }, 0, EcnCodepoint.NotEct);
        return true;
    }

    private void Enqueue(in Answer answer, Instant now)
    {
        Instant from = Instant.Max(_paidUntil, now + (-CostNs * Capacity));
        if (_count == Capacity || from > now)
        {
            Suppressed++;
            return;
        }

        _paidUntil = from + CostNs;
        _queue[(_head + _count++) % Capacity] = answer;
    }

    private struct Answer
    {
        public NodeId Destination;
        public ulong Tag;
        public ReasonCode Reason;
        public bool IsReflected;
        public bool IsRetry;
    }
}
