using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Links.Managed;

/// <summary>
/// Which node is at which address, by the rules of nexlink-native/src/udp_peers.h: names that cannot be chosen, and a bound that a flood of strangers does
/// not turn against those whom the endpoint talks to. Meeting a peer allocates, for as long as it is in the table; finding one does not.
/// </summary>
internal sealed class UdpPeerTable
{
    public const int CapacityMin = 8;
    public const int CapacityMax = 1 << 20;

    /// <summary>So many frames make a stranger known: NX_UDP_SENDS_KNOWN.</summary>
    public const int SendsKnown = 4;

    private const int DialledPart = 2;
    private const int SecretSize = 32;

    private readonly AddressFamily _family;
    private readonly int _capacity;
    private readonly Dictionary<UdpKey, UdpPeer> _byKey;
    private readonly Dictionary<NodeId, UdpPeer> _byName;
    private readonly LinkedList<UdpPeer>[] _lists = [new(), new(), new()];
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(SecretSize);

    public UdpPeerTable(int capacity, AddressFamily family)
    {
        _capacity = capacity;
        _family = family;
        _byKey = new Dictionary<UdpKey, UdpPeer>(capacity);
        _byName = new Dictionary<NodeId, UdpPeer>(capacity);
    }

    public int Count => _byKey.Count;

    public long Evicted { get; private set; }

    /// <summary>The peer of a name, or null.</summary>
    public UdpPeer? Find(NodeId name) => _byName.GetValueOrDefault(name);

    /// <summary>The peer that a datagram came from; when it is new, another may be forgotten for it.</summary>
    public UdpPeer Learn(in UdpKey key)
    {
        if (_byKey.TryGetValue(key, out UdpPeer? peer) || _byKey.TryGetValue(key with { Node = default }, out peer))
        {
            return peer;
        }

        MakeRoom();
        return Insert(key, MakeName(key), UdpStanding.Stranger);
    }

    /// <summary>A peer that stays; null: half of the table were dialled. One that had the same name at another address is forgotten.</summary>
    public UdpPeer? Dial(in UdpKey key)
    {
        if (_byKey.TryGetValue(key, out UdpPeer? peer) && peer.Standing == UdpStanding.Dialled)
        {
            return peer;
        }

        if (_lists[(int)UdpStanding.Dialled].Count >= _capacity / DialledPart)
        {
            return null;
        }

        if (peer is not null)
        {
            // It called before, and the endpoint may know it by the name that it was given.
            Move(peer, UdpStanding.Dialled);
            return peer;
        }

        NodeId name = key.Node == default ? MakeName(key) : key.Node;
        if (_byName.TryGetValue(name, out UdpPeer? former))
        {
            Forget(former);
        }

        MakeRoom();
        return Insert(key, name, UdpStanding.Dialled);
    }

    /// <summary>A frame goes to the peer.</summary>
    public void OnSent(UdpPeer peer)
    {
        if (peer.Standing == UdpStanding.Stranger ? ++peer.Sends == SendsKnown : peer.Standing == UdpStanding.Known && peer.Place.Next is not null)
        {
            Move(peer, UdpStanding.Known);
        }
    }

    private UdpPeer Insert(in UdpKey key, NodeId name, UdpStanding standing)
    {
        UdpPeer peer = new(key, name, key.ToSocketAddress(_family)) { Standing = standing };
        _byKey.Add(key, peer);
        _byName.Add(name, peer);
        _lists[(int)standing].AddLast(peer.Place);
        return peer;
    }

    private void Move(UdpPeer peer, UdpStanding standing)
    {
        _lists[(int)peer.Standing].Remove(peer.Place);
        peer.Standing = standing;
        _lists[(int)standing].AddLast(peer.Place);
    }

    private void MakeRoom()
    {
        if (_byKey.Count == _capacity)
        {
            Forget((_lists[(int)UdpStanding.Stranger].First ?? _lists[(int)UdpStanding.Known].First)!.Value);
        }
    }

    private void Forget(UdpPeer peer)
    {
        _byKey.Remove(peer.Key);
        _byName.Remove(peer.Name);
        _lists[(int)peer.Standing].Remove(peer.Place);
        Evicted++;
    }

    /// <summary>What the peer is called: never zero, which is nobody's name.</summary>
    private NodeId MakeName(in UdpKey key)
    {
        Span<byte> text = stackalloc byte[NodeId.Size + NexLinkUdpAddress.Size + sizeof(uint) + sizeof(ushort)];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        key.Node.Write(text);
        new NodeId(key.AddressHigh, key.AddressLow).Write(text[NodeId.Size..]);
        MemoryMarshal.Write(text[(NodeId.Size + NexLinkUdpAddress.Size)..], key.Scope);
        MemoryMarshal.Write(text[(NodeId.Size + NexLinkUdpAddress.Size + sizeof(uint))..], key.Port);
        HMACSHA256.HashData(_secret, text, hash);
        hash[0] |= 1;
        return NodeId.Read(hash);
    }
}
