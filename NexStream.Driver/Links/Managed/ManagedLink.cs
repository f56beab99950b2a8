namespace NexStream.Driver.Links.Managed;

/// <summary>One end of a loop, used by one thread at a time; its two rings are shared with the other end.</summary>
internal sealed unsafe class ManagedLink : IManagedLink, IDisposable
{
    /// <summary>Bits of <see cref="_waitingFor"/>: descriptors, holds or the peer's end; and room for descriptors.</summary>
    private const int Traffic = 1;

    private const int Room = 2;

    private readonly ManagedLoop _loop;
    private readonly DescriptorRing _outbound;
    private readonly DescriptorRing _inbound;
    private readonly HoldReturns _given;
    private readonly HoldReturns _returned;
    private readonly AutoResetEvent _wake = new(false);

    /// <summary>Holds that the peer has on each own frame: what comes back when it closes.</summary>
    private readonly uint[] _lent;

    /// <summary>Holds that this end has on each frame of the peer: more cannot be given back.</summary>
    private readonly uint[] _borrowed;

    private ManagedLink? _peer;
    private int _waitingFor;
    private bool _sentShort;
    private bool _closed;
    private uint _sweep;

    public ManagedLink(ManagedLoop loop, ManagedArena arena, ManagedArena peerArena, uint epoch, DescriptorRing outbound, DescriptorRing inbound, HoldReturns given, HoldReturns returned)
    {
        _loop = loop;
        Arena = arena;
        PeerArena = peerArena;
        Epoch = epoch;
        _outbound = outbound;
        _inbound = inbound;
        _given = given;
        _returned = returned;
        _lent = new uint[arena.FrameCount];
        _borrowed = new uint[peerArena.FrameCount];
    }

    public ManagedArena Arena { get; }

    public ManagedArena PeerArena { get; }

    public uint Epoch { get; }

    public NexLinkLinkInfo Info => new()
    {
        PeerMemory = PeerArena.Memory,
        PeerFrameSize = PeerArena.FrameSize,
        PeerFrameCount = PeerArena.FrameCount,
        Epoch = Epoch,
    };

    public bool IsPeerClosed => Volatile.Read(ref _peer!._closed);

    private bool IsReady => !_inbound.IsEmpty || !_returned.IsEmpty || (_sentShort && !_outbound.IsFull);

    public void Join(ManagedLink peer) => _peer = peer;

    public int Send(LinkDescriptor* descriptors, uint count)
    {
        if (IsPeerClosed)
        {
            return ManagedError.Set(NexLinkResult.PeerGone, "the peer has closed its end"u8);
        }

        int sent = 0;
        _sentShort = false;
        for (; sent < count; sent++)
        {
            LinkDescriptor* descriptor = descriptors + sent;
            if (!Arena.Contains(descriptor))
            {
                break;
            }

            // The peer may give a hold back as soon as the descriptor is in the ring, but only this thread collects it.
            if (!_outbound.TryWrite(descriptor))
            {
                _sentShort = true;
                break;
            }

            Count(_lent, descriptor);
        }

        WakePeer(Traffic);
        return sent == 0 && count != 0 && !_sentShort
            ? ManagedError.Set(NexLinkResult.InvalidArgument, "a descriptor's counts are out of range, or a slice is not inside the sender's arena"u8)
            : sent;
    }

    public int Receive(LinkDescriptor* descriptors, uint count)
    {
        // Asked before the ring: what was sent before the peer closed is still delivered.
        bool closed = IsPeerClosed;
        int received = 0;
        while (received < count && _inbound.TryRead(descriptors + received))
        {
            LinkDescriptor* descriptor = descriptors + received++;
            descriptor->Epoch = Epoch;
            descriptor->Slices[descriptor->SliceCount..].Clear();
            Count(_borrowed, descriptor);
        }

        if (received != 0)
        {
            WakePeer(Room);
            return received;
        }

        return closed && count != 0 ? ManagedError.Set(NexLinkResult.PeerGone, "the peer has closed its end"u8) : 0;
    }

    public int Release(LinkRelease* releases, uint count)
    {
        // All or nothing: a caller's mistake leaves the holds as they were.
        for (int i = 0; i < count; i++)
        {
            LinkRelease release = releases[i];
            if (release.Frame >= _borrowed.Length || release.Holds > _borrowed[release.Frame])
            {
                for (int undone = 0; undone < i; undone++)
                {
                    _borrowed[releases[undone].Frame] += releases[undone].Holds;
                }

                return ManagedError.Set(NexLinkResult.InvalidArgument, "more holds than were received, or of a frame that the peer does not have"u8);
            }

            _borrowed[release.Frame] -= release.Holds;
        }

        for (uint i = 0; i < count; i++)
        {
            if (releases[i].Holds != 0)
            {
                _given.Add(releases[i].Frame, releases[i].Holds);
            }
        }

        WakePeer(Traffic);
        return (int)count;
    }

    public int Reclaim(LinkRelease* releases, uint count)
    {
        bool closed = IsPeerClosed;
        int reclaimed = 0;
        while (reclaimed < count && _returned.TryTake(out uint frame, out uint holds))
        {
            // The peer's end has checked that it had them.
            _lent[frame] -= holds;
            releases[reclaimed++] = new LinkRelease(frame, holds);
        }

        if (closed)
        {
            for (; reclaimed < count && _sweep < _lent.Length; _sweep++)
            {
                if (_lent[_sweep] != 0)
                {
                    releases[reclaimed++] = new LinkRelease(_sweep, _lent[_sweep]);
                    _lent[_sweep] = 0;
                }
            }
        }

        return reclaimed;
    }

    public int Wait(ulong timeoutNs)
    {
        // The wait handle counts in milliseconds; a shorter rest would oversleep a deadline, so it is left to the caller's next turn.
        ulong milliseconds = timeoutNs / 1_000_000;
        Volatile.Write(ref _waitingFor, Traffic | (_sentShort ? Room : 0));

        // Either this end sees what the peer wrote before, or the peer sees that this end waits.
        Interlocked.MemoryBarrier();
        if (!IsReady && !IsPeerClosed)
        {
            if (milliseconds == 0)
            {
                Thread.Yield();
            }
            else
            {
                _wake.WaitOne((int)Math.Min(milliseconds, int.MaxValue));
            }
        }

        Volatile.Write(ref _waitingFor, 0);
        bool closed = IsPeerClosed;
        return IsReady ? 1 : closed ? ManagedError.Set(NexLinkResult.PeerGone, "the peer has closed its end"u8) : 0;
    }

    public void Wake() => _wake.Set();

    public void Close()
    {
        Volatile.Write(ref _closed, true);
        WakePeer(Traffic);
        _loop.Leave();
    }

    /// <summary>Only when nobody can wake it any more.</summary>
    public void Dispose() => _wake.Dispose();

    private static void Count(uint[] holds, LinkDescriptor* descriptor)
    {
        foreach (ref readonly LinkSlice slice in descriptor->Slices[..descriptor->SliceCount])
        {
            holds[slice.Frame]++;
        }
    }

    private void WakePeer(int reason)
    {
        Interlocked.MemoryBarrier();
        if ((Volatile.Read(ref _peer!._waitingFor) & reason) != 0)
        {
            _peer._wake.Set();
        }
    }
}
