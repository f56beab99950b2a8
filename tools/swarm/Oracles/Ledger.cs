using NexStream.Core.Primitives;

namespace NexStream.Swarm.Oracles;

/// <summary>
/// Everything that applications of a world gave to streams, found by those who read it: by the tags that its connection has at both ends, and the stream's id. One tag is not
/// enough: who still calls, and whom a peer answered that crashed since, keeps his for the peer's next connection.
/// </summary>
internal sealed class Ledger
{
    private readonly Dictionary<(ulong Sender, ulong Reader, uint Id), SentHalf> _sent = [];

    /// <summary>One side's half of a stream, made when either side asks first.</summary>
    public SentHalf HalfOf(ulong senderTag, ulong readerTag, uint id, TransportMode mode)
    {
        if (!_sent.TryGetValue((senderTag, readerTag, id), out SentHalf? half))
        {
            half = new SentHalf(senderTag, id, mode);
            _sent.Add((senderTag, readerTag, id), half);
        }

        return half;
    }
}
