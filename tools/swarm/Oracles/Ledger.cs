using NexStream.Core.Primitives;

namespace NexStream.Swarm.Oracles;

/// <summary>Everything that applications of a world gave to streams, found by those who read it: by the tag that its connection has at the sender, and the stream's id.</summary>
internal sealed class Ledger
{
    private readonly Dictionary<(ulong Tag, uint Id), SentHalf> _sent = [];

    /// <summary>One side's half of a stream, made when either side asks first.</summary>
    public SentHalf HalfOf(ulong senderTag, uint id, TransportMode mode)
    {
        if (!_sent.TryGetValue((senderTag, id), out SentHalf? half))
        {
            half = new SentHalf(senderTag, id, mode);
            _sent.Add((senderTag, id), half);
        }

        return half;
    }
}
