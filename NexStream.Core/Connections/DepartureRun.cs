using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>
/// <see cref="Departure"/> for packets that leave one after the other at one instant and carry nothing but new data of one stream: what holds for all of them is
/// read once, and counters, list, pacer and congestion controller are brought up to date once.
/// </summary>
internal ref struct DepartureRun
{
    private readonly EndpointState _state;
    private readonly Slab<SentPacket> _packets;
    private readonly SentPacketFlags _flags;
    private readonly bool _isPaced;
    private int _tail;
    private int _count;
    private long _bytes;

    public DepartureRun(EndpointState state, Connection connection, Path path, Instant now)
    {
        _state = state;
        _packets = state.Packets;
        _tail = path.InFlight.Tail;
        _isPaced = path.Congestion.PacingRate > 0;
        _flags = SentPacketFlags.AckEliciting
            | (path.Ecn.MarkEct0 ? SentPacketFlags.Ect0 : 0)
            | (connection.Scheduler.IsEmpty ? SentPacketFlags.WindowUnderused : 0);
        if (path.AckElicitingInFlight == 0 && path.State == PathState.Active)
        {
            connection.OutstandingSince = now;
        }

        // After a pause the first packet goes by itself: it may change what the controller allows the others.
        int alike = path.BytesInFlight == 0 ? 1 : path.Ecn.PacketsAlike;
        PacketsMax = Math.Min(alike, Math.Min(state.PacketsUnreserved, state.SegmentsForNew));
    }

    /// <summary>As many packets may leave at most.</summary>
    public readonly int PacketsMax;

    /// <summary>Remembers the next packet. Returns its record, for the stream and the bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref SentPacket Add(Path path, ulong number, int size, Instant now)
    {
        _packets.TryAllocate(out int index);
        ref SentPacket packet = ref _packets[index];
        if (_count == 0)
        {
            Begin(ref packet, path, now);
        }
        else
        {
            // All that is not set below is the same as of the packet before.
            packet = _packets[_tail];
            packet.Flags = _flags | (packet.Flags & SentPacketFlags.ApplicationLimited);
        }

        packet.Number = number;
        packet.Size = size;
        packet.TransmitInFlight = path.BytesInFlight + size;
        packet.Previous = _tail;
        packet.Next = Slab<SentPacket>.None;
        if (_tail >= 0)
        {
            _packets[_tail].Next = index;
        }
        else
        {
            path.InFlight.Head = index;
        }

        _tail = index;
        _count++;
        _bytes += size;
        path.BytesInFlight += size;
        path.BytesSent += (uint)size;
        if (_isPaced)
        {
            path.Pacer.OnSent(now, size, path.Congestion.PacingRate, _state.Poll.Ns);
        }

        return ref packet;
    }

    /// <summary>The record of the first packet.</summary>
    private readonly void Begin(ref SentPacket packet, Path path, Instant now)
    {
        packet.SentAt = now;
        packet.Segment = Slab<Segment>.None;
        packet.Message = Slab<OutboundMessage>.None;
        packet.Control = Slab<ControlRecord>.None;
        packet.Losses = 0;
        packet.Flags = _flags;
        path.Rate.OnSent(ref packet, path.BytesInFlight);
        if (path.IsTailAcknowledged)
        {
            path.IsTailAcknowledged = false;
            packet.Flags |= SentPacketFlags.FollowsAcknowledged;
        }
    }

    /// <summary>No more packets: brings up to date what follows from all. Bytes of an RO stream keep a segment in reserve for each, which it takes if it is lost.</summary>
    public readonly void Complete(Path path, Instant now, bool isMarked, bool reservesSegments)
    {
        path.InFlight.Tail = _tail;
        path.InFlight.Count += _count;
        path.AckElicitingInFlight += _count;
        path.PacketsSent += (uint)_count;
        path.LastAckElicitingSentAt = now;
        path.Ecn.OnPacketsSent(isMarked, _count);
        _state.SegmentsReserved += reservesSegments ? _count : 0;
        if (!_isPaced)
        {
            path.Pacer.OnSent(now, 0, path.Congestion.PacingRate, _state.Poll.Ns);
        }

        path.Congestion.OnPacketsSent(now, _bytes, path.BytesInFlight, _packets[_tail].Number, path.Rate.IsApplicationLimited);
    }
}
