using System.Runtime.InteropServices;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Swarm.Oracles;

/// <summary>
/// Reads packets as they leave and as they arrive, and adds up on its own what each side has used of the credit that had reached it: bytes of the
/// connection, bytes or messages of each stream. A direction has the name of the tag that its packets carry on the path that a connection began with.
/// </summary>
internal sealed class CreditOracle(ulong firstSequence)
{
    private readonly Dictionary<ulong, Direction> _directions = [];
    private readonly Dictionary<ulong, ulong> _furtherPaths = [];

    /// <summary>A side offers a further path: packets to it may have this tag too.</summary>
    /// <param name="tag">The path's tag.</param>
    /// <param name="main">The tag of the connection at the side that offers it.</param>
    public void OnPathOffered(ulong tag, ulong main) => _furtherPaths[tag] = main;

    /// <summary>A packet leaves, as an endpoint made it.</summary>
    /// <param name="sender">Who made it: another after a crash, whose peer may still dial under the same tag.</param>
    /// <param name="packet">The packet without its payload.</param>
    /// <param name="packetLength">Its length with it.</param>
    public void OnSent(object sender, ReadOnlySpan<byte> packet, int packetLength)
    {
        if (!PacketHeader.TryRead(packet, out PacketHeader header) || header.Tag == 0)
        {
            return;
        }

        Direction direction = DirectionOf(header.Tag);
        var reader = new FrameReader(packet[PacketHeader.Size..]);
        while (!reader.IsAtData && reader.TryRead(out RawFrame raw))
        {
            if (raw.Type == FrameType.ConnAccept)
            {
                direction.OnAccepted(sender);
            }
            else if (raw.Type == FrameType.StreamOpen && StreamOpenFrame.TryRead(raw, out StreamOpenFrame open))
            {
                // What the peer's parameters allow on streams that this side opens is known when the stream is used.
                StreamOf(direction, open.StreamId).IsOpenedBySender = true;
            }
        }

        if (reader.IsAtData && !reader.IsAtRepair && DataFrame.TryRead(reader.Remaining, out DataFrame data, out ReadOnlySpan<byte> head))
        {
            int offset = packet.Length - head.Length;
            OnData(direction, data, (uint)(packetLength - offset));
        }
    }

    /// <summary>A packet arrives, as it left: what it allows may be used from now on.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="back">The direction that the receiver sends in; 0: not known yet.</param>
    public void OnArrived(ReadOnlySpan<byte> packet, ulong back)
    {
        if (packet.Length < PacketHeader.Size)
        {
            return;
        }

        var reader = new FrameReader(packet[PacketHeader.Size..]);
        while (!reader.IsAtData && reader.TryRead(out RawFrame raw))
        {
            switch (raw.Type)
            {
                case FrameType.ConnInit when ConnInitFrame.TryRead(raw, out ConnInitFrame init):
                    Allow(init.Parameters, init.MaxData);
                    break;
                case FrameType.ConnAccept when ConnAcceptFrame.TryRead(raw, out ConnAcceptFrame accept):
                    Allow(accept.Parameters, accept.MaxData);
                    back = back == 0 ? accept.Parameters.Tag : back;
                    break;
                default:
                    if (back != 0)
                    {
                        OnGrant(DirectionOf(back), raw);
                    }

                    break;
            }
        }
    }

    private void Allow(in TransportParameters parameters, ulong maxData)
    {
        Direction direction = DirectionOf(parameters.Tag);
        direction.Limit = Math.Max(direction.Limit, maxData);
        direction.InitialLimit = maxData;
        direction.WindowScale = parameters.WindowScale;
        direction.StreamBytes = Math.Max(direction.StreamBytes, parameters.InitialStreamData);
        direction.StreamMessages = Math.Max(direction.StreamMessages, parameters.InitialStreamMessages);
    }

    private void OnGrant(Direction direction, in RawFrame raw)
    {
        switch (raw.Type)
        {
            case FrameType.WindowUpdate when WindowUpdateFrame.TryRead(raw, out WindowUpdateFrame window):
                if (window.StreamId == StreamId.ConnectionControl)
                {
                    direction.Limit = Math.Max(direction.Limit, window.Limit);
                }
                else
                {
                    ref StreamUse stream = ref StreamOf(direction, window.StreamId);
                    stream.Limit = Math.Max(stream.Limit, window.Limit);
                }

                break;
            case FrameType.DataAck when StreamDataAckFrame.StreamIdOf(raw) == StreamId.ConnectionControl:
                if (PacketAckFrame.TryRead(raw, out PacketAckFrame ack))
                {
                    direction.Limit = Math.Max(direction.Limit, ack.ConnectionCredit);
                }

                break;
            case FrameType.DataAck when StreamDataAckFrame.TryRead(raw, out StreamDataAckFrame data):
                ref StreamUse acknowledged = ref StreamOf(direction, data.StreamId);
                ulong from = SequenceNumber.Expand(data.AckNumber, Math.Max(acknowledged.Highest, firstSequence));
                ulong unit = acknowledged.IsMessages ? 1UL : 1UL << direction.WindowScale;
                acknowledged.Limit = Math.Max(acknowledged.Limit, from + (data.WindowUpdate * unit));
                break;
            case FrameType.StreamOpen when StreamOpenFrame.TryRead(raw, out StreamOpenFrame open):
                ref StreamUse opened = ref StreamOf(direction, open.StreamId);
                opened.Limit = Math.Max(opened.Limit, firstSequence + open.InitialWindow);
                break;
            default:
                break;
        }
    }

    private void OnData(Direction direction, in DataFrame data, uint length)
    {
        if (data.Mode is not (TransportMode.ReliableOrdered or TransportMode.ReliableUnordered))
        {
            return;
        }

        ref StreamUse stream = ref StreamOf(direction, data.StreamId);
        stream.IsMessages = data.Mode == TransportMode.ReliableUnordered;
        ulong end = stream.IsMessages ? data.Position + 1 : data.Position + length;
        ulong before = Math.Max(stream.Highest, firstSequence);
        if (end > before)
        {
            direction.Used += stream.IsMessages ? data.MessageLength : end - before;
            stream.Highest = end;
        }

        ulong initial = firstSequence + (stream.IsMessages ? direction.StreamMessages : direction.StreamBytes);
        ulong limit = stream.IsOpenedBySender ? Math.Max(stream.Limit, initial) : stream.Limit;
        if (stream.Highest > limit)
        {
            throw new SwarmFailureException("credit is never exceeded", $"{data.Mode} stream {data.StreamId:x} reaches {stream.Highest}, and {limit} was allowed");
        }

        if (direction.Used > direction.Limit)
        {
            throw new SwarmFailureException("credit is never exceeded", $"a connection used {direction.Used} bytes, and {direction.Limit} were allowed");
        }
    }

    private Direction DirectionOf(ulong tag)
    {
        ref Direction? direction = ref CollectionsMarshal.GetValueRefOrAddDefault(_directions, _furtherPaths.GetValueOrDefault(tag, tag), out _);
        return direction ??= new Direction();
    }

    private static ref StreamUse StreamOf(Direction direction, uint id) => ref CollectionsMarshal.GetValueRefOrAddDefault(direction.Streams, id, out _);

    private sealed class Direction
    {
        public readonly Dictionary<uint, StreamUse> Streams = [];
        public ulong Used;
        public ulong Limit;
        public ulong InitialLimit;
        public ulong StreamBytes;
        public byte WindowScale;
        public ulong StreamMessages;
        private object? _acceptor;

        /// <summary>Who accepted the connection. Another than before has used nothing, and nothing but the first limits was told to him.</summary>
        public void OnAccepted(object sender)
        {
            if (_acceptor is not null && !ReferenceEquals(_acceptor, sender))
            {
                Streams.Clear();
                Used = 0;
                Limit = InitialLimit;
            }

            _acceptor = sender;
        }
    }

    private struct StreamUse
    {
        public ulong Highest;
        public ulong Limit;
        public bool IsMessages;
        public bool IsOpenedBySender;
    }
}
