using System.Diagnostics;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Driver.Links;

namespace NexStream.Driver;

/// <summary>
/// One attached link as the driver uses it: what waits to go out, what waits to go back, and what became of the peer. Frames of the peer
/// that the endpoint lets go come back here at any time between two turns, and leave with the next.
/// </summary>
internal sealed class LinkPort : IFrameReleaser
{
    /// <summary>Descriptors and releases that one call moves: <see cref="Link"/> makes such a call without a GC transition.</summary>
    public const int BatchSize = 16;

    /// <summary>
    /// A payload up to this length goes into the descriptor, behind the head. So little is copied where it arrives anyway (docs/architecture.md), and here it saves the
    /// other side the way to a frame, and the hold's way back: between two cores each is a cache line that has to come over.
    /// </summary>
    private const int CarriedMax = 256;

    /// <summary>Packets that go out over a network with one call: the larger the batch, the more of them leave as one buffer.</summary>
    private const int NetworkBatchSize = 64;

    private readonly Link _link;
    private readonly LinkDescriptor[] _staged;
    private readonly LinkRelease[] _releases = new LinkRelease[BatchSize];
    private int _stagedStart;
    private int _stagedEnd;
    private int _releaseCount;
    private long _released;
    private Instant _fullSince = Instant.Never;
    private Instant _nextPeerCheck;

    public LinkPort(Link link, NodeId remote)
    {
        _link = link;
        Remote = remote;
        _staged = new LinkDescriptor[link.IsNetwork ? NetworkBatchSize : BatchSize];
        Region = new PeerRegion(link.PeerMemory, link.PeerFrameSize, link.PeerFrameCount, this);
    }

    public NodeId Remote { get; }

    public PeerRegion Region { get; }

    /// <summary>Whether this is the way to all nodes that have no link of their own.</summary>
    public bool IsNetwork => _link.IsNetwork;

    public LinkLost Obituary => new(Remote, _link.Epoch, _link.PeerProcessId);

    /// <summary>Whether the peer is gone. From then on only <see cref="TryClose"/> is left to be called.</summary>
    public bool IsRetired { get; private set; }

    public void Release(int index, int holds)
    {
        // A dead peer waits for nothing: its frames are its own memory's end.
        if (IsRetired)
        {
            return;
        }

        if (_releaseCount == BatchSize)
        {
            _ = _link.Release(_releases);
            _releaseCount = 0;
        }

        _releases[_releaseCount++] = new LinkRelease((uint)index, (uint)holds);
        _released += holds;
    }

    /// <summary>Hands the batch of holds back; the link always has room for them. Returns the holds that came here since the last call.</summary>
    public long FlushReleases()
    {
        if (_releaseCount != 0)
        {
            int count = _releaseCount;
            _releaseCount = 0;
            _ = _link.Release(_releases.AsSpan(0, count));
        }

        long released = _released;
        _released = 0;
        return released;
    }

    /// <summary>Collects holds on own frames into the endpoint. Returns how many.</summary>
    public long Reclaim(Endpoint endpoint, Span<LinkRelease> buffer)
    {
        long holds = 0;
        for (int count = _link.Reclaim(buffer); count > 0; count = _link.Reclaim(buffer))
        {
            for (int i = 0; i < count; i++)
            {
                endpoint.ReleaseFrame(buffer[i].Frame, (int)buffer[i].Holds);
                holds += buffer[i].Holds;
            }
        }

        return holds;
    }

    /// <summary>Takes descriptors from the link. <see cref="Link.PeerGone"/>: nothing more will come.</summary>
    public int Receive(Span<LinkDescriptor> buffer, Instant now, long peerCheckIntervalNs)
    {
        int count = _link.Receive(buffer);
        if (count != 0 || now < _nextPeerCheck)
        {
            return count;
        }

        // A process that was killed closes nothing: only its handle tells.
        _nextPeerCheck = now + peerCheckIntervalNs;
        if (_link.IsPeerAlive)
        {
            return 0;
        }

        count = _link.Receive(buffer);
        return count == 0 ? Link.PeerGone : count;
    }

    /// <summary>Puts a packet into the batch that goes out with the next <see cref="Flush"/>. False: the batch is full, and so is the ring.</summary>
    public bool TryStage(Endpoint endpoint, Transmission transmission, Instant now, ref DriverStatistics statistics)
    {
        if (_stagedEnd == _staged.Length && (Flush(now, ref statistics) == 0 || _stagedEnd == _staged.Length))
        {
            return false;
        }

        ref LinkDescriptor descriptor = ref _staged[_stagedEnd++];
        transmission.Header.Write(descriptor.Header);
        transmission.Head.CopyTo(descriptor.Head);
        descriptor.HeadLength = (ushort)transmission.HeadLength;
        descriptor.SliceCount = (ushort)transmission.SliceCount;
        int length = transmission.PacketLength;
        if (length - transmission.HeadLength <= CarriedMax && length <= Transmission.HeadCapacity)
        {
            Carry(endpoint, transmission, ref descriptor);
            return true;
        }

        Span<LinkSlice> slices = descriptor.Slices;
        int count = 0;
        foreach (ref readonly PayloadSlice slice in transmission.Slices)
        {
            Debug.Assert(slice.Region == 0, "What an endpoint sends lies in its own arena.");
            slices[count++] = new LinkSlice((uint)slice.Index, (uint)slice.Offset, (uint)slice.Length);
        }

        return true;
    }

    /// <summary>Hands the batch to the link. Returns how many packets it took; what it did not take stays for the next call.</summary>
    public int Flush(Instant now, ref DriverStatistics statistics)
    {
        if (_stagedStart == _stagedEnd)
        {
            return 0;
        }

        int sent = Math.Max(_link.Send(_staged.AsSpan(_stagedStart, _stagedEnd - _stagedStart)), 0);
        _stagedStart += sent;
        statistics.FramesSent += sent;
        if (_stagedStart == _stagedEnd)
        {
            _stagedStart = 0;
            _stagedEnd = 0;
            _fullSince = Instant.Never;
        }
        else if (sent != 0)
        {
            // The ring is full, but the peer takes from it. What is left moves to the front, so that the batch has room behind it.
            _staged.AsSpan(_stagedStart, _stagedEnd - _stagedStart).CopyTo(_staged);
            _stagedEnd -= _stagedStart;
            _stagedStart = 0;
            _fullSince = now;
        }
        else
        {
            _fullSince = Instant.Min(_fullSince, now);
        }

        return sent;
    }

    /// <summary>Copies the payload behind the head: nobody has to hold its frames.</summary>
    private static void Carry(Endpoint endpoint, Transmission transmission, ref LinkDescriptor descriptor)
    {
        Span<byte> rest = descriptor.Head[transmission.HeadLength..];
        foreach (ref readonly PayloadSlice slice in transmission.Slices)
        {
            endpoint.Bytes(slice).CopyTo(rest);
            rest = rest[slice.Length..];
            endpoint.ReleaseFrame(slice.Frame, 1);
        }

        descriptor.HeadLength = (ushort)(descriptor.Head.Length - rest.Length);
        descriptor.SliceCount = 0;
    }

    /// <summary>Whether the peer has taken nothing for longer than is bearable.</summary>
    public bool IsStalled(Instant now, long patienceNs) => _fullSince != Instant.Never && now - _fullSince > patienceNs;

    /// <summary>The peer is gone: everything that it held comes back, and what was to go to it is dropped. Returns the holds that came back.</summary>
    public long Retire(Endpoint endpoint, Span<LinkRelease> buffer)
    {
        IsRetired = true;
        _releaseCount = 0;
        for (; _stagedStart < _stagedEnd; _stagedStart++)
        {
            ref LinkDescriptor descriptor = ref _staged[_stagedStart];
            foreach (ref readonly LinkSlice slice in descriptor.Slices[..descriptor.SliceCount])
            {
                endpoint.ReleaseFrame(slice.Frame, 1);
            }
        }

        _stagedStart = 0;
        _stagedEnd = 0;
        return Reclaim(endpoint, buffer);
    }

    /// <summary>Unmaps a retired peer's frames as soon as nothing in the endpoint reads them any more.</summary>
    public bool TryClose(Endpoint endpoint)
    {
        // The count is asked first because the endpoint looks at every frame of the region.
        if (Region.HeldCount != 0 || !endpoint.TryUnregisterRegion(Region))
        {
            return false;
        }

        _link.Dispose();
        return true;
    }

    public void Wait(long timeoutNs) => _link.Wait(timeoutNs);

    public void Wake() => _link.Wake();

    /// <summary>Closes the link at once: the endpoint is not used any more.</summary>
    public void Close()
    {
        if (!IsRetired)
        {
            FlushReleases();
            IsRetired = true;
        }

        _link.Dispose();
    }
}
