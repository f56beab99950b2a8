using System.Net;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Links;

/// <summary>
/// A link over a UDP socket of its own, to all nodes that datagrams reach. Every node is known by a name: who was dialled with its id by that, anybody else
/// by one that the link makes from the id that he claims and the address that he writes from. A name never changes its address, so that a
/// node whose address changes has a new name, which the endpoint follows once it has proved itself, as it does for a node that moves.
/// </summary>
public sealed unsafe class UdpLink : IDisposable
{
    private readonly LinkLibrary _library;

    internal UdpLink(LinkLibrary library, LinkArena arena, void* handle)
    {
        _library = library;
        Link = new Link(library, arena, handle, isNetwork: true);
        LocalEndPoint = ReadInfo().Local.ToEndPoint();
    }

    /// <summary>The link, as <see cref="EndpointDriver.AttachNetwork"/> uses it.</summary>
    public Link Link { get; }

    /// <summary>The address of this end. Where it listens on all addresses, only the port says something.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>What was done so far.</summary>
    public UdpStatistics Statistics
    {
        get
        {
            NexLinkUdpInfo info = ReadInfo();
            return new UdpStatistics(in info);
        }
    }

    /// <summary>Makes a node reachable: frames for the name that is returned go to the address, for as long as the link is open.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="node">Its id, which then is its name; null: whoever is there.</param>
    /// <returns>The name to connect to.</returns>
    /// <exception cref="LinkException">The link has no way to an address of that family, or half of <see cref="UdpOptions.PeersMax"/> were dialled.</exception>
    public NodeId Dial(IPEndPoint address, NodeId? node = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        NexLinkUdpAddress native = NexLinkUdpAddress.From(address);
        Span<byte> bytes = stackalloc byte[2 * NodeId.Size];
        node.GetValueOrDefault().Write(bytes);
        fixed (byte* id = bytes)
        {
            int result = _library.Api->UdpDial(Link.Handle, &native, id, id + NodeId.Size);
            _library.ThrowIfFailed(result, $"{address} cannot be dialled", "Give an address and port of a family that the link has, or raise UdpOptions.PeersMax");
        }

        return NodeId.Read(bytes[NodeId.Size..]);
    }

    /// <summary>Who is behind a name. The id is what the node says of itself, and no proof.</summary>
    /// <param name="name">The name, as a connection has it.</param>
    /// <param name="address">Where the node is.</param>
    /// <param name="node">The id that it claims; default for one that was dialled without.</param>
    /// <returns>False: there is no such name, or it was forgotten.</returns>
    public bool TryLookup(NodeId name, out IPEndPoint? address, out NodeId node)
    {
        NexLinkUdpAddress native;
        Span<byte> bytes = stackalloc byte[2 * NodeId.Size];
        name.Write(bytes);
        int result;
        fixed (byte* id = bytes)
        {
            result = _library.Api->UdpLookup(Link.Handle, id, &native, id + NodeId.Size);
        }

        address = result < 0 ? null : native.ToEndPoint();
        node = result < 0 ? default : NodeId.Read(bytes[NodeId.Size..]);
        return result >= 0;
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => Link.Dispose();

    private NexLinkUdpInfo ReadInfo()
    {
        NexLinkUdpInfo info;
        _library.ThrowIfFailed(_library.Api->UdpInfo(Link.Handle, &info), "The link could not be read", "This is a fault of the link library");
        return info;
    }
}
