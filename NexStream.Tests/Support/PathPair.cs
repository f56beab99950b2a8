using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Support;

/// <summary>A <see cref="Pair"/> whose connection has further paths: each side has a node for each, and a path can be cut by the nodes of its frames.</summary>
internal sealed class PathPair
{
    private readonly HashSet<NodeId> _dead = [];
    private readonly Dictionary<NodeId, double> _loss = [];
    private SeededRandom _random = new(77);

    public PathPair(
        int paths = 2, NetworkConditions? network = null, ConnectionConfig? connection = null, IPathSchedulerFactory? scheduler = null, ulong seed = 1,
        Func<EndpointConfig, EndpointConfig>? configure = null)
    {
        Pair = new Pair(seed, network, (connection ?? new ConnectionConfig()) with { MaxPaths = paths }, c =>
        {
            EndpointConfig config = c with
            {
                FurtherNodes = [.. Enumerable.Range(1, 7).Select(i => NodeOf(c.Node, i))],
                PathScheduler = scheduler ?? PathSchedulers.LowestRtt,
                MaxConnections = 8,
            };
            return configure?.Invoke(config) ?? config;
        })
        {
            Filter = (_, frame) => IsAlive(frame),
        };
        Pair.Connect();
    }

    public Pair Pair { get; }

    public Pair.Side Client => Pair.Client;

    public Pair.Side Server => Pair.Server;

    /// <summary>Sees every frame that the network takes; false: it is lost.</summary>
    public Func<Pair.Frame, bool>? Look { get; set; }

    /// <summary>The node of a side on a further path, from 1.</summary>
    public static NodeId NodeOf(NodeId node, int path) => new(node.High, node.Low + (0x100 * (ulong)path));

    /// <summary>Opens a path from the client's next node and waits until both sides use it.</summary>
    public byte Open(int number = 1)
    {
        Assert.That(Client.Connection.OpenPath(NodeOf(Pair.ClientNode, number), Pair.Now, out byte id), Is.EqualTo(CallStatus.Ok));
        Pair.RunUntil(() => IsActive(Client, id) && IsActive(Server, id));
        return id;
    }

    /// <summary>Nothing gets through any more from or to a node of the client's.</summary>
    public void Kill(NodeId client) => _dead.Add(client);

    public void Heal(NodeId client) => _dead.Remove(client);

    /// <summary>Frames from and to a node of the client's are lost by chance.</summary>
    public void Lose(NodeId client, double share) => _loss[client] = share;

    public static bool IsActive(Pair.Side side, byte id) => side.Connection.TryGetPath(id, out Core.Stats.PathStatistics path) && path.Condition == Core.Stats.PathCondition.Active;

    public static Core.Stats.PathStatistics PathOf(Pair.Side side, byte id)
    {
        Assert.That(side.Connection.TryGetPath(id, out Core.Stats.PathStatistics path), Is.True);
        return path;
    }

    public static int Count(Pair.Side side, EventKind kind, byte id) => side.Events.Count(e => e.Kind == kind && e.Value == id);

    public static Core.State.Path StateOf(Pair.Side side, byte id) => Forge.ConnectionOf(side).Paths.Find(id)!;

    private bool IsAlive(Pair.Frame frame)
    {
        if (_dead.Contains(frame.Header.Source) || _dead.Contains(frame.Header.Destination))
        {
            return false;
        }

        double loss = _loss.GetValueOrDefault(frame.Header.Source) + _loss.GetValueOrDefault(frame.Header.Destination);
        return (Look?.Invoke(frame) ?? true) && !_random.Chance(loss);
    }
}
