using NexStream.Core.Primitives;
using NexStream.Core.State;
using Path = NexStream.Core.State.Path;

namespace NexStream.Replay.Qlog;

/// <summary>The paths of a replayed endpoint, by the tags that packets carry.</summary>
internal sealed class QlogPaths(EndpointState endpoint)
{
    private readonly Dictionary<ulong, QlogPath> _local = [];
    private readonly Dictionary<(ulong Tag, NodeId Remote), QlogPath> _peer = [];

    /// <summary>The path that a packet to this endpoint came on; null: there is none with its tag.</summary>
    public QlogPath? OfReceived(ulong tag) => Find(_local, tag);

    /// <summary>The path that a packet of this endpoint goes out on; null: the peer has not said its tag yet, or it is of no connection.</summary>
    public QlogPath? OfSent(ulong tag, NodeId destination) => Find(_peer, (tag, destination));

    /// <summary>The paths of a connection.</summary>
    public IEnumerable<QlogPath> Of(Connection connection)
    {
        for (int i = 0; connection.Path is not null && i < connection.Paths.Count; i++)
        {
            if (OfReceived(connection.Paths[i].LocalTag) is { } path)
            {
                yield return path;
            }
        }
    }

    private QlogPath? Find<TKey>(Dictionary<TKey, QlogPath> known, TKey key)
        where TKey : notnull
    {
        if (known.TryGetValue(key, out QlogPath? path) && path.IsCurrent)
        {
            return path;
        }

        // One that was opened or answered since the last look; a packet that is nobody's pays for a look as well.
        for (int i = 0; i < endpoint.Paths.Count; i++)
        {
            Path now = endpoint.Paths[i];
            if (now.LocalTag != 0)
            {
                if (!_local.TryGetValue(now.LocalTag, out QlogPath? entry))
                {
                    entry = new QlogPath(now);
                    _local.Add(now.LocalTag, entry);
                }

                _peer[(now.PeerTag, now.Remote)] = entry;
            }
        }

        return known.TryGetValue(key, out path) && path.IsCurrent ? path : null;
    }
}
