using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// <see cref="Departure"/> for packets that leave one after the other at one instant and carry nothing but new data, while it is the turn of one stream after the other:
/// what holds for all of them is read once, and counters, list, pacer and congestion controller are brought up to date once, the scheduler with each turn.
/// </summary>
internal ref struct DepartureRun
{
    private EndpointState _state;
    private Connection _connection;
    private Path _path;
    private Slab<SentPacket> _packets;
    private Instant _now;

    // The controller is told of the run as a whole, so that neither can change while it goes on.
    private long _window;
    private long _pacingRate;
    private int _packetsMax;

    /// <summary>Neither window nor pacer could stop any of the packets.</summary>
    private bool _isFree;

    /// <summary>The pacer is told of each packet and asked before the next; else of all of them at the end.</summary>
    private bool _isPaced;
    private bool _isMarked;

    // The first packet's link header, and the record of the packet before, are what all others begin as.
    private Wire.Transmission? _first;
    private ref SentPacket _record;
    private SentPacketFlags _flags;
    private int _count;
    private int _records;
    private long _bytes;

    // Of the stream whose turn it is.
    private int _stream;
    private int _quantum;
    private int _deficit;
    private int _turnBegin;

    /// <summary>No other stream waits for its turn.</summary>
    private bool _isAlone;

    /// <summary>The run begins. (A constructor's result would be copied to where it is kept.)</summary>
    /// <param name="state">The endpoint.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="path">The path that its packets take.</param>
    /// <param name="now">When the packets leave.</param>
    /// <param name="packetsMax">How many there is a place for.</param>
    public void Start(EndpointState state, Connection connection, Path path, Instant now, int packetsMax)
    {
        _state = state;
        _connection = connection;
        _path = path;
        _packets = state.Packets;
        _now = now;
        _window = path.Congestion.Window;
        _pacingRate = path.Congestion.PacingRate;
        _isMarked = path.Ecn.MarkEct0;
        _flags = SentPacketFlags.AckEliciting | (_isMarked ? SentPacketFlags.Ect0 : 0);

        // After a pause the first packet goes by itself: it may change what the controller allows the others.
        int alike = path.BytesInFlight == 0 ? 1 : path.Ecn.PacketsAlike;
        _packetsMax = Math.Min(packetsMax, Math.Min(alike, Math.Min(state.PacketsUnreserved, state.SegmentsForNew)));
        _isFree = _packetsMax > 0 && path.BytesInFlight + ((long)_packetsMax * path.FrameLength) <= _window
            && path.Pacer.MayLeaveTogether(now, _packetsMax, path.FrameLength, _pacingRate, state.Poll.Ns);
        _isPaced = _pacingRate > 0 && !_isFree;
    }

    /// <summary>Packets of the run so far.</summary>
    public readonly int Packets => _count;

    /// <summary>Whether it has as many as it may have, and the next run could have more.</summary>
    public readonly bool IsFull => _count == _packetsMax && _count > 0;

    /// <summary>Whether the first packet of another turn may leave.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool MayBegin() => _count < _packetsMax && MaySend();

    /// <summary>The turn of a stream begins.</summary>
    /// <param name="index">The stream.</param>
    /// <param name="stream">Its record.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginTurn(int index, in StreamState stream)
    {
        _stream = index;
        _quantum = _connection.Scheduler.Quantum(stream, _path.FrameLength);
        _deficit = stream.Deficit;
        _isAlone = stream.SchedulerLink.Next < 0;
        _turnBegin = _count;
    }

    /// <summary>The turn is over. False: there was no packet in it.</summary>
    /// <param name="stream">The stream.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryEndTurn(ref StreamState stream)
    {
        int count = _count - _turnBegin;
        if (count == 0)
        {
            return false;
        }

        // Bytes of an RO stream keep a segment in reserve for each packet, which it takes if it is lost.
        _state.SegmentsReserved += stream.Mode == TransportMode.ReliableOrdered ? count : 0;
        _connection.Scheduler.OnTurn(_state.Streams, _stream, ref stream, _deficit);
        return true;
    }

    /// <summary>Whether another packet may leave in this turn. The first may: the caller has looked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool MayAdd() => _count < _packetsMax && (_count == _turnBegin || ((_isAlone || _deficit > 0) && MaySend()));

    /// <summary>
    /// Remembers the next packet with the one before, and writes its link header. False: it is not the next of its kind, and nothing was done.
    /// </summary>
    /// <param name="transmission">The packet, its payload taken and its head written. Its bytes of an RO stream follow those of the one before; else nothing of it is kept.</param>
    /// <param name="number">The packet's number.</param>
    /// <param name="length">Bytes of payload.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryExtend(Wire.Transmission transmission, ulong number, int length)
    {
        if (_count == _turnBegin || _record.Size != LinkHeader.Size + transmission.HeadLength + length || number != _record.Number + (uint)_record.Packets)
        {
            return false;
        }

        _record.Packets++;
        transmission.Header = _first!.Header;
        Count(transmission, length);
        return true;
    }

    /// <summary>Packets as the one before that may follow it for certain, and need not be asked for one by one.</summary>
    public readonly int MoreAlike
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _isFree && _isAlone ? _packetsMax - _count : 0;
    }

    /// <summary>Remembers packets with the one before, whose link header the caller copies.</summary>
    /// <param name="count">How many: no more than <see cref="MoreAlike"/>.</param>
    /// <param name="length">Bytes of payload of each, as many as the one before had; of an RO stream, those that follow.</param>
    public void Extend(int count, int length)
    {
        Invariant.Check(count <= MoreAlike && (_record.Length == 0 || _record.Length == length), "Packets that share a record are alike.");
        long bytes = (long)count * _record.Size;
        _record.Packets += count;
        _count += count;
        _bytes += bytes;
        _path.BytesInFlight += bytes;
        _path.BytesSent += (ulong)bytes;
        for (int i = 0; i < count; i++)
        {
            _deficit += _deficit <= 0 ? _quantum - length : -length;
        }
    }

    /// <summary>Remembers the next packet by a record of its own, and writes its link header.</summary>
    /// <param name="transmission">The packet, its payload taken and its head written.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="number">The packet's number.</param>
    /// <param name="length">Bytes of payload.</param>
    /// <returns>Its record, for the caller to say which bytes of an RO stream it carries.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref SentPacket Add(Wire.Transmission transmission, in StreamState stream, ulong number, int length)
    {
        _packets.TryAllocate(out int index);
        ref SentPacket packet = ref _packets[index];
        if (_first is null)
        {
            _first = transmission;
            Begin(ref packet, stream);
        }
        else
        {
            // As of the first, but that none of these follows what was acknowledged.
            transmission.Header = _first.Header;
            packet.Run = _record.Run;
            packet.Flags = _flags;
            if (_count == _turnBegin)
            {
                _first = transmission;
                Name(ref packet, stream);
            }
        }

        packet.Number = number;
        packet.Packets = 1;
        _path.InFlight.Append(_packets, index);
        _record = ref packet;
        _records++;
        packet.Size = Count(transmission, length);
        packet.TransmitInFlight = _path.BytesInFlight;
        return ref packet;
    }

    /// <summary>The run is over: brings up to date what follows from all packets of it. Returns how many there are.</summary>
    public readonly int Complete()
    {
        if (_count == 0)
        {
            return 0;
        }

        Path path = _path;
        path.InFlight.Count += _count - _records;
        path.AckElicitingInFlight += _count;
        path.PacketsSent += (uint)_count;
        path.LastAckElicitingSentAt = _now;
        path.Ecn.OnPacketsSent(_isMarked, _count);
        _state.PacketsInRuns += _count - _records;
        if (!_isPaced)
        {
            path.Pacer.OnSent(_now, (int)_bytes, _pacingRate, _state.Poll.Ns);
        }

        path.Congestion.OnPacketsSent(_now, _bytes, path.BytesInFlight, _record.Last, path.Rate.IsApplicationLimited);
        _connection.PaceAt = Instant.Never;
        _connection.LastActivityAt = _now;
        _state.PredictedSent += (uint)_count;
        return _count;
    }

    /// <summary>Whether window and pacer let a packet go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool MaySend() => _isFree || (_path.BytesInFlight + _path.FrameLength <= _window && _path.Pacer.NextSendTime(_now, _pacingRate) <= _now);

    /// <summary>The packet leaves. Returns the bytes of its whole frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Count(Wire.Transmission transmission, int length)
    {
        int packetLength = transmission.HeadLength + length;
        int size = LinkHeader.Size + packetLength;
        transmission.Header.PayloadLength = (uint)packetLength;
        _count++;
        _bytes += size;
        _deficit += _deficit <= 0 ? _quantum - length : -length;
        _path.BytesInFlight += size;
        _path.BytesSent += (uint)size;
        if (_isPaced)
        {
            _path.Pacer.OnSent(_now, size, _pacingRate, _state.Poll.Ns);
        }

        return size;
    }

    /// <summary>The record of the first packet, and its link header but for the length.</summary>
    private void Begin(ref SentPacket packet, in StreamState stream)
    {
        if (_path.AckElicitingInFlight == 0 && _path.State == PathState.Active)
        {
            _connection.OutstandingSince = _now;
        }

        packet.SentAt = _now;
        packet.Message = Slab<OutboundMessage>.None;
        packet.Control = Slab<ControlRecord>.None;
        packet.Losses = 0;
        packet.Flags = _flags;
        _path.Rate.OnSent(ref packet, _path.BytesInFlight);
        _flags = packet.Flags;
        if (_path.IsTailAcknowledged)
        {
            _path.IsTailAcknowledged = false;
            packet.Flags |= SentPacketFlags.FollowsAcknowledged;
        }

        ref LinkHeader link = ref _first!.Header;
        link.Ecn = _isMarked ? EcnCodepoint.Ect0 : EcnCodepoint.NotEct;
        link.FrameType = LinkFrameType.StreamData;
        link.Checksum = 0;
        link.Source = _path.Local;
        link.Destination = _path.Remote;
        Name(ref packet, stream);
    }

    /// <summary>What the first packet of a turn, and its link header, say of the stream. The record before may have carried a message's segment.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Name(ref SentPacket packet, in StreamState stream)
    {
        packet.Segment = Slab<Segment>.None;
        packet.Stream = _stream;
        packet.StreamGeneration = stream.Generation;
        ref LinkHeader link = ref _first!.Header;
        link.Priority = stream.Priority;
        link.StreamId = stream.Id;
    }
}
