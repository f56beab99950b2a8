using System.Net;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Links.Managed;

/// <summary>How a peer came into the table, which says when it is forgotten (udp_peers.h).</summary>
internal enum UdpStanding
{
    /// <summary>Wrote, and was hardly ever sent to.</summary>
    Stranger,

    /// <summary>Was sent to a few times.</summary>
    Known,

    /// <summary>Stays.</summary>
    Dialled,
}

/// <summary>A node at an address.</summary>
internal sealed class UdpPeer
{
    public UdpPeer(in UdpKey key, NodeId name, SocketAddress address)
    {
        Key = key;
        Name = name;
        Address = address;
        Place = new LinkedListNode<UdpPeer>(this);
    }

    public UdpKey Key { get; }

    public NodeId Name { get; }

    /// <summary>Where to, as the socket takes it.</summary>
    public SocketAddress Address { get; }

    /// <summary>Where it stands among those of its standing.</summary>
    public LinkedListNode<UdpPeer> Place { get; }

    public UdpStanding Standing { get; set; }

    /// <summary>Frames that were sent to it while it was a stranger.</summary>
    public int Sends { get; set; }
}
