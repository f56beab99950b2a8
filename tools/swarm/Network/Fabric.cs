using NexStream.Core.Primitives;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Network;

/// <summary>The network between the hosts of a world: finds who a packet is for, and does to it on the way what the plan says.</summary>
internal sealed class Fabric
{
    private readonly World _world;
    private readonly DirectedLink[] _links;
    private readonly Dictionary<NodeId, (int Host, int Way)> _nodes = [];
    private readonly Draw _draw;

    public Fabric(World world, Draw draw)
    {
        _world = world;
        _draw = draw;
        _links = new DirectedLink[world.Plan.Links.Count];
        for (int i = 0; i < _links.Length; i++)
        {
            _links[i] = new DirectedLink(world.Plan.Links[i], draw.Fork());
        }
    }

    /// <summary>Packets that were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Packets that came with other bytes than they left with.</summary>
    public long Corrupted { get; private set; }

    public void Heal()
    {
        foreach (DirectedLink link in _links)
        {
            link.Heal();
        }
    }

    /// <summary>Packets for a node come to this host from now on, on one of the ways that lead there: 0 is that to its first node.</summary>
    public void Announce(NodeId node, int host, int way = 0) => _nodes[node] = (host, way);

    /// <summary>Packets for a node come to nobody.</summary>
    public void Withdraw(NodeId node) => _nodes.Remove(node);

    /// <summary>A host sends a packet, which belongs to the network from now on.</summary>
    public void Send(int from, Packet packet)
    {
        Sent++;
        if (!_nodes.TryGetValue(packet.Header.Destination, out (int Host, int Way) place))
        {
            _world.Packets.Return(packet);
            return;
        }

        int to = place.Host;
        DirectedLink link = _links[(((place.Way * _world.Plan.Hosts.Count) + from) * _world.Plan.Hosts.Count) + to];
        long at = link.ArrivalOf(packet, _world.Now);
        if (at < 0)
        {
            _world.Packets.Return(packet);
            return;
        }

        if (link.IsDoubled(out long laterNs))
        {
            Packet again = _world.Packets.Take();
            again.CopyFrom(packet);
            _world.HostAt(to).Expect(again, at + laterNs);
        }

        if (link.Corrupts())
        {
            packet = Corrupt(packet);
        }

        if (link.CorruptsHeader())
        {
            Corruption.ChangeHeader(packet, _draw);
        }

        _world.HostAt(to).Expect(packet, at);
    }

    /// <summary>Whether packets for a node come to this host.</summary>
    public bool Leads(NodeId node, int host) => _nodes.TryGetValue(node, out (int Host, int Way) place) && place.Host == host;

    /// <summary>From now on nothing can be asked of the connections that the packet names, before and after: nothing authenticates what they will hear.</summary>
    private Packet Corrupt(Packet packet)
    {
        Packet changed = _world.Packets.Take();
        changed.CopyFrom(packet);
        _world.Packets.Return(packet);
        _world.TaintNamed(changed.Content);
        Corruption.ChangeBytes(changed, _draw);
        _world.TaintNamed(changed.Content);
        Corrupted++;
        return changed;
    }
}
