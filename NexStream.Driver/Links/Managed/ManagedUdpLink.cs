using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Driver.Links.Managed;

/// <summary>
/// A udp link over a socket of .NET, with the meaning of nexlink-native's and less speed: a system call for each datagram and one that asks whether there is
/// any, and payload copied once on its way out, because a socket of .NET gathers nothing without allocating. It neither sets nor reads ECN marks.
/// </summary>
internal sealed unsafe class ManagedUdpLink : IManagedLink
{
    public const int FrameSizeMin = 512;
    public const int FrameSizeMax = 65536;
    public const int FrameCountMin = 16;

    /// <summary>The most bytes of a UDP datagram over IPv4 (RFC 768, RFC 791), and room for one that is too long, so that the system says so.</summary>
    private const int DatagramMax = 65536;

    private const int DestinationOffset = 32;
    private const int LengthOffset = 4;
    private const int ChecksumOffset = 12;
    private const int SourceOffset = 16;
    private const long NsPerUs = 1000;

    private readonly Socket _socket;
    private readonly ManagedArena _arena;
    private readonly ManagedArena _pool;
    private readonly UdpPeerTable _peers;
    private readonly SocketAddress _from;
    private readonly byte[] _outgoing = new byte[DatagramMax];

    /// <summary>Frames that are free, from 0 to <see cref="_freeCount"/>.</summary>
    private readonly uint[] _free;

    /// <summary>Whether the endpoint holds a frame of the pool.</summary>
    private readonly bool[] _borrowed;

    /// <summary>Holds on own frames that can be reclaimed.</summary>
    private readonly HoldReturns _returned;

    private NexLinkUdpInfo _info;
    private int _freeCount;
    private bool _isWoken;
    private bool _sentShort;

    /// <exception cref="SocketException">The socket cannot be had.</exception>
    public ManagedUdpLink(ManagedArena arena, in NexLinkUdpOptions options, uint epoch)
    {
        _socket = UdpSocket.Open(in options);
        _arena = arena;
        _arena.AddReference();
        _pool = new ManagedArena(options.FrameSize, options.FrameCount);
        Epoch = epoch;
        _peers = new UdpPeerTable((int)options.PeersMax, _socket.AddressFamily);
        _from = new SocketAddress(_socket.AddressFamily);
        _info.Local = NexLinkUdpAddress.From((IPEndPoint)_socket.LocalEndPoint!);
        _free = new uint[options.FrameCount];
        _borrowed = new bool[options.FrameCount];
        _returned = new HoldReturns(arena.FrameCount);
        for (uint i = 0; i < options.FrameCount; i++)
        {
            _free[_freeCount++] = options.FrameCount - 1 - i;
        }
    }

    public uint Epoch { get; }

    /// <summary>A network has no peer that could close.</summary>
    public bool IsPeerClosed => false;

    public NexLinkLinkInfo Info => new()
    {
        PeerMemory = _pool.Memory,
        PeerFrameSize = _pool.FrameSize,
        PeerFrameCount = _pool.FrameCount,
        Epoch = Epoch,
    };

    public NexLinkUdpInfo UdpInfo
    {
        get
        {
            NexLinkUdpInfo info = _info;
            info.Peers = (uint)_peers.Count;
            info.PeersEvicted = (ulong)_peers.Evicted;
            return info;
        }
    }

    public int Dial(in NexLinkUdpAddress address, NodeId node, out NodeId name)
    {
        name = default;
        if (address.Port == 0 || (_socket.AddressFamily == AddressFamily.InterNetwork && address.ToEndPoint().AddressFamily != AddressFamily.InterNetwork))
        {
            return ManagedError.Set(NexLinkResult.InvalidArgument, "the address has no port, or the link has an IPv4 address and reaches no IPv6 address"u8);
        }

        if (_peers.Dial(UdpKey.From(in address, node)) is not { } peer)
        {
            return ManagedError.Set(NexLinkResult.NoMemory, "half of the addresses that the link may know were dialled"u8);
        }

        name = peer.Name;
        return NexLinkResult.Ok;
    }

    public UdpPeer? Find(NodeId name) => _peers.Find(name);

    public int Send(LinkDescriptor* descriptors, uint count)
    {
        _sentShort = false;
        int sent = 0;
        for (; sent < count && !_sentShort; sent++)
        {
            LinkDescriptor* descriptor = descriptors + sent;
            if (!_arena.Contains(descriptor))
            {
                return sent != 0 ? sent : ManagedError.Set(NexLinkResult.InvalidArgument, "a descriptor's counts are out of range, or a slice is not inside the sender's arena"u8);
            }

            if (_peers.Find(NodeId.Read(descriptor->Header[DestinationOffset..])) is not { } peer)
            {
                _info.DroppedUnroutable++;
            }
            else if (!TrySend(descriptor, peer))
            {
                break;
            }

            foreach (ref readonly LinkSlice slice in descriptor->Slices[..descriptor->SliceCount])
            {
                _returned.Add(slice.Frame, 1);
            }
        }

        return sent;
    }

    public int Receive(LinkDescriptor* descriptors, uint count)
    {
        int received = 0;
        while (received < count && _freeCount != 0 && _socket.Poll(0, SelectMode.SelectRead))
        {
            uint frame = _free[_freeCount - 1];
            Span<byte> memory = new(_pool.Memory + ((long)frame * _pool.FrameSize), (int)_pool.FrameSize);
            int length = ReceiveOne(memory);
            if (length < 0)
            {
                break;
            }

            if (IsFrame(memory[..length]))
            {
                _freeCount--;
                Describe(descriptors + received++, frame, memory[..length]);
            }
        }

        _info.Received += (ulong)received;
        return received;
    }

    public int Release(LinkRelease* releases, uint count)
    {
        // All or nothing: a caller's mistake leaves the holds as they were.
        for (int i = 0; i < count; i++)
        {
            LinkRelease release = releases[i];
            if (release.Frame >= _borrowed.Length || release.Holds != 1 || !_borrowed[release.Frame])
            {
                for (int undone = 0; undone < i; undone++)
                {
                    _borrowed[releases[undone].Frame] = true;
                }

                return ManagedError.Set(NexLinkResult.InvalidArgument, "more holds than were received, or of a frame that the link does not have"u8);
            }

            _borrowed[release.Frame] = false;
        }

        for (int i = 0; i < count; i++)
        {
            _free[_freeCount++] = releases[i].Frame;
        }

        return (int)count;
    }

    public int Reclaim(LinkRelease* releases, uint count)
    {
        int reclaimed = 0;
        while (reclaimed < count && _returned.TryTake(out uint frame, out uint holds))
        {
            releases[reclaimed++] = new LinkRelease(frame, holds);
        }

        return reclaimed;
    }

    public int Wait(ulong timeoutNs)
    {
        if (!_returned.IsEmpty)
        {
            return 1;
        }

        // A socket of .NET waits for one thing: for room, and for who wakes it, it looks every millisecond.
        const long SliceUs = Instant.Millisecond / NsPerUs;
        for (ulong leftUs = timeoutNs / (ulong)NsPerUs; !Interlocked.Exchange(ref _isWoken, false); leftUs -= SliceUs)
        {
            if (_socket.Poll((int)Math.Min(leftUs, SliceUs), SelectMode.SelectRead) || _sentShort)
            {
                return 1;
            }

            if (leftUs <= SliceUs)
            {
                break;
            }
        }

        return 0;
    }

    public void Wake() => Volatile.Write(ref _isWoken, true);

    public void Close()
    {
        _socket.Dispose();
        _pool.Release();
        _arena.Release();
    }

    /// <summary>Sends a datagram, or counts why the system did not take it. False: the socket's buffer is full.</summary>
    private bool TrySend(LinkDescriptor* descriptor, UdpPeer peer)
    {
        int length = Gather(descriptor, peer);
        _info.SendCalls++;
        try
        {
            _ = _socket.SendTo(_outgoing.AsSpan(0, length), SocketFlags.None, peer.Address);
            _info.Sent++;
            _peers.OnSent(peer);
        }
        catch (SocketException refusal) when (refusal.SocketErrorCode is SocketError.WouldBlock or SocketError.IOPending)
        {
            _sentShort = true;
            return false;
        }
        catch (SocketException refusal)
        {
            _info.LastError = refusal.NativeErrorCode;
            if (refusal.SocketErrorCode == SocketError.MessageSize)
            {
                _info.DroppedTooLong++;
            }
            else
            {
                _info.DroppedRefused++;
            }
        }

        return true;
    }

    /// <summary>Copies a datagram together. What is longer than any may be is cut where the system refuses it anyway.</summary>
    private int Gather(LinkDescriptor* descriptor, UdpPeer peer)
    {
        descriptor->Header.CopyTo(_outgoing);
        peer.Key.Node.Write(_outgoing.AsSpan(DestinationOffset));
        int length = LinkHeader.Size;
        descriptor->Head[..descriptor->HeadLength].CopyTo(_outgoing.AsSpan(length));
        length += descriptor->HeadLength;
        foreach (ref readonly LinkSlice slice in descriptor->Slices[..descriptor->SliceCount])
        {
            ReadOnlySpan<byte> bytes = _arena.Bytes(in slice);
            bytes = bytes[..Math.Min(bytes.Length, _outgoing.Length - length)];
            bytes.CopyTo(_outgoing.AsSpan(length));
            length += bytes.Length;
        }

        return length;
    }

    /// <summary>Takes a datagram; its length, or -1: there is none after all. One that was cut off has its header's length beyond its own.</summary>
    private int ReceiveOne(Span<byte> memory)
    {
        try
        {
            _from.Size = _from.Buffer.Length;
            int length = _socket.ReceiveFrom(memory, SocketFlags.None, _from);
            _info.ReceiveCalls++;
            return length;
        }
        catch (SocketException refusal)
        {
            // Windows says so of a datagram that is cut off; anything else is about one that was sent before.
            if (refusal.SocketErrorCode == SocketError.MessageSize)
            {
                _info.DroppedOversize++;
            }

            return -1;
        }
    }

    /// <summary>Whether the bytes are a NexLink frame; if not it is counted why.</summary>
    private bool IsFrame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LinkHeader.Size)
        {
            _info.DroppedShort++;
            return false;
        }

        if (bytes[0] >> 4 != LinkHeader.CurrentVersion)
        {
            _info.DroppedVersion++;
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[LengthOffset..]);
        if (length != bytes.Length - LinkHeader.Size)
        {
            bool isCutOff = bytes.Length == _pool.FrameSize && length > bytes.Length - LinkHeader.Size;
            _ = isCutOff ? _info.DroppedOversize++ : _info.DroppedLength++;
            return false;
        }

        uint checksum = BinaryPrimitives.ReadUInt32BigEndian(bytes[ChecksumOffset..]);
        if (checksum != 0 && checksum != Checksum(bytes[LinkHeader.Size..]))
        {
            _info.DroppedChecksum++;
            return false;
        }

        return true;
    }

    /// <summary>CRC-32C (RFC 9260 appendix A).</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private void Describe(LinkDescriptor* descriptor, uint frame, ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(!_borrowed[frame], "A free frame is held by nobody.");
        _borrowed[frame] = true;
        UdpPeer peer = _peers.Learn(UdpKey.From(_from, NodeId.Read(bytes[SourceOffset..])));
        bytes[..LinkHeader.Size].CopyTo(descriptor->Header);
        descriptor->Header[1] = (byte)EcnCodepoint.NotEct;
        peer.Name.Write(descriptor->Header[SourceOffset..]);
        descriptor->HeadLength = 0;
        descriptor->SliceCount = 1;
        descriptor->Epoch = Epoch;
        descriptor->Slices.Clear();
        descriptor->Slices[0] = new LinkSlice(frame, LinkHeader.Size, (uint)(bytes.Length - LinkHeader.Size));
    }
}
