using System.Runtime.CompilerServices;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>Takes paths out of the endpoint's fixed stock, gives them their tags, finds them by these, and puts them back.</summary>
internal sealed class PathFactory(EndpointState state)
{
    /// <summary>Bits of a tag that index the path; the other 44 cannot be guessed.</summary>
    private const int TagIndexBits = 20;

    private const ulong TagIndexMask = (1UL << TagIndexBits) - 1;
    private const ulong TagDomain = 0x746167;
    private const ulong CongestionDomain = 0x63636c6f74;

    private ulong _tagCount;

    /// <summary>A connection's first path, whose frame length is that of its configuration until the peer has answered.</summary>
    public Path CreateFirst(Connection connection, NodeId remote, Instant now) => Add(connection, 0, state.Node, remote, now);

    /// <summary>A further path, with a tag of its own. Null: there is no room for it, here or in the connection.</summary>
    /// <remarks>Each connection that there can be has a path of its own kept free.</remarks>
    public Path? Create(Connection connection, byte id, NodeId local, Instant now)
    {
        if (connection.Paths.Count == PathSet.CountMax || state.Paths.FreeCount <= state.FreeConnections.Count)
        {
            return null;
        }

        Path path = Add(connection, id, local, remote: default, now);
        BeginFrameLength(connection, path);
        connection.UsedPaths.Add(id);
        return path;
    }

    /// <summary>A path is gone: its tag names nothing any more.</summary>
    public void Free(Connection connection, Path path)
    {
        connection.Paths.Remove(path);
        state.Paths.Return(path);
    }

    /// <summary>
    /// What was learnt about a path does not hold any more: one side's node changed (RFC 9000 §9.4), or it was silent for long. The frame length stays: a black hole is noticed
    /// as on any path.
    /// </summary>
    public void Forget(Connection connection, Path path, Instant now)
    {
        path.Rtt = default;
        path.FirstRttAt = Instant.Never;
        path.Reordering = default;
        path.ProbeTimeoutCount = 0;
        BeginCongestion(connection, path, path.FrameLength, now);
    }

    /// <summary>The path with this tag; null: there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Path? Find(ulong tag)
    {
        ulong index = tag & TagIndexMask;
        if (index >= (ulong)state.Paths.Count)
        {
            return null;
        }

        Path path = state.Paths[(int)index];
        return path.LocalTag == tag && tag != 0 ? path : null;
    }

    /// <summary>The path is known by another tag from now on: whoever has the former cannot speak for it.</summary>
    public void ChangeTag(Path path) => path.LocalTag = NewTag(path.Index);

    /// <summary>The path begins with the length that it is believed to carry, within what both sides take, and looks for more.</summary>
    public static void BeginFrameLength(Connection connection, Path path)
    {
        int limit = connection.FrameLengthLimit;
        path.Mtu.Reset(Math.Min(limit, connection.Config.KnownFrameLength), limit, ConnectionConfig.FrameLengthMin);
        path.AdoptFrameLength();
    }

    private Path Add(Connection connection, byte id, NodeId local, NodeId remote, Instant now)
    {
        ConnectionConfig config = connection.Config;
        Path path = state.Paths.Take(config.Congestion);
        path.Owner = connection;
        path.LocalTag = NewTag(path.Index);
        path.Reset(id, local, remote, config.KnownFrameLength, config.FirstPacketNumber);
        connection.Paths.Add(path);
        path.NextSkip = PacketNumbers.NextSkip(state, path.LocalTag, config.FirstPacketNumber, PacketNumbers.FirstSkipMax);
        path.Received.Reset(config.AckThreshold, Instant.NsOf(config.MaxAckDelay));
        BeginCongestion(connection, path, config.KnownFrameLength, now);
        return path;
    }

    /// <summary>Nothing is known of what the path carries.</summary>
    private void BeginCongestion(Connection connection, Path path, int frameLength, Instant now)
    {
        path.Congestion.Reset(CongestionParameters.ForPath(now, frameLength, state.Hash.Compute(CongestionDomain, path.LocalTag)));
        path.Pacer.Reset(frameLength);
        path.Ecn.Reset(connection.Config.Ecn);
    }

    private ulong NewTag(int index)
    {
        ulong random;
        do
        {
            random = state.Hash.Compute(TagDomain, ++_tagCount) & ~TagIndexMask;
        }
        while (random == 0);
        return random | (uint)index;
    }
}
