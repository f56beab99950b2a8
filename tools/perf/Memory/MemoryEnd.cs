using System.Runtime.CompilerServices;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Driver.Timers;

namespace NexStream.Perf.Memory;

/// <summary>One of the two endpoints, and the timers of its connections.</summary>
internal sealed class MemoryEnd : IFrameReleaser
{
    private readonly TimerWheel _timers;
    private readonly ConnectionHandle[] _timed;

    // Nobody reads these packets of one frame any more; the frame is released once for all of them.
    private uint _frame;
    private int _holds;

    public MemoryEnd(EndpointConfig config, FrameArena arena, TraceRecorder? recorder = null)
    {
        Endpoint = new Endpoint(config, arena, recorder);
        _timers = new TimerWheel(config.MaxConnections);
        _timed = new ConnectionHandle[config.MaxConnections];
    }

    public Endpoint Endpoint { get; }

    /// <summary>The connection that carries the data, at the accepting end.</summary>
    public ConnectionHandle Connection { get; set; }

    /// <summary>What the peer calls the first of this end's frames.</summary>
    public uint FirstFrameAtPeer { get; private set; }

    /// <summary>Frames in use, and records in use: chunks, segments, packets in flight, messages.</summary>
    public long OccupiedBytes
    {
        get
        {
            EndpointState state = Endpoint.State;
            return ((long)(Endpoint.Arena.FrameCount - Endpoint.Arena.FreeCount) * Endpoint.Arena.FrameSize)
                + ((long)state.Store.Chunks.Count * Unsafe.SizeOf<Chunk>())
                + ((long)state.Segments.Count * Unsafe.SizeOf<Segment>())
                + ((long)state.Packets.Count * Unsafe.SizeOf<SentPacket>())
                + ((long)state.Messages.Count * Unsafe.SizeOf<OutboundMessage>())
                + ((long)state.Inbound.Count * Unsafe.SizeOf<InboundMessage>());
        }
    }

    /// <summary>Lets the peer read this end's frames.</summary>
    public unsafe void ShowTo(Endpoint peer)
    {
        FrameArena arena = Endpoint.Arena;
        fixed (byte* memory = arena.Bytes(0, 0, arena.FrameSize))
        {
            // The arena's memory is pinned for as long as it lives.
            var region = new PeerRegion((nint)memory, arena.FrameSize, arena.FrameCount, this);
            peer.RegisterRegion(region);
            FirstFrameAtPeer = PayloadSlice.FrameOf(region.Number, 0);
        }
    }

    /// <summary>When the earliest timer is due, a tick late at most.</summary>
    public Instant NextDeadline => _timers.NextDeadline == Instant.Never ? Instant.Never : _timers.NextDeadline + _timers.TickNs;

    public void Release(int index, int holds) => Endpoint.ReleaseFrame((uint)index, holds);

    /// <summary>Nobody reads this packet of this end any more. Its frames are free after <see cref="Release()"/>.</summary>
    public void Release(Transmission packet)
    {
        foreach (ref readonly PayloadSlice slice in packet.Slices)
        {
            Release(slice.Frame);
        }
    }

    /// <summary>Nobody reads a slice of this frame any more; it is free after <see cref="Release()"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(uint frame)
    {
        if (frame != _frame)
        {
            Release();
            _frame = frame;
        }

        _holds++;
    }

    /// <summary>Gives back the frames of packets that nobody reads any more, as a card does that tells of several at once.</summary>
    public void Release()
    {
        if (_holds > 0)
        {
            Endpoint.ReleaseFrame(_frame, _holds);
            _holds = 0;
        }
    }

    public void Timers(Instant now)
    {
        while (Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            _timed[deadline.Connection.Index] = deadline.Connection;
            _timers.Arm(deadline.Connection.Index, deadline.Deadline);
        }

        while (_timers.TryExpire(now, out int index))
        {
            Endpoint.HandleTimeout(_timed[index], now);
        }
    }
}
