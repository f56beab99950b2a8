using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Hosts;
using NexStream.Swarm.Network;

namespace NexStream.Swarm.Running;

/// <summary>Somebody who knows tags and packet numbers and sends legal frames at the wrong time, about the wrong streams, with numbers that are just off.</summary>
internal sealed class Hostile(World world, Draw draw)
{
    private const int FramesLengthMax = 700;
    private const int PayloadMax = 600;

    /// <summary>Sends a packet to a host: to one of its connections, or as somebody who asks for one.</summary>
    public void Attack(Host host)
    {
        Connection[] connections = host.Endpoint.State.Connections;
        Connection victim = connections[draw.Below(connections.Length)];
        for (int i = draw.OneIn(8) ? 30 : draw.Between(1, 4); i > 0; i--)
        {
            Packet packet = world.Packets.Take();
            if (victim.LocalTag == 0 || draw.OneIn(6))
            {
                Ask(packet, host);
            }
            else
            {
                Write(packet, host, victim);
            }

            world.TaintNamed(packet.Content);
            world.Taint(victim.PeerTag);
            host.Expect(packet, world.Now);
        }
    }

    private void Begin(Packet packet, Host host, NodeId source)
    {
        packet.Header = new LinkHeader { FrameType = LinkFrameType.StreamControl, Source = source, Destination = host.Endpoint.Node, Ecn = (EcnCodepoint)draw.Below(4) };
        packet.SliceCount = 0;
        packet.Sender = null;
        packet.IsGenuine = false;
    }

    private static void End(Packet packet, int length)
    {
        packet.Length = length;
        packet.Header.PayloadLength = (uint)length;
    }

    private void Ask(Packet packet, Host host)
    {
        NodeId source = draw.OneIn(2) ? new NodeId(draw.Next(), draw.Next()) : world.HostAt(draw.Below(world.Plan.Hosts.Count)).Endpoint.Node;
        Begin(packet, host, source);
        new PacketHeader { PacketNumber = (uint)draw.Below(3) }.Write(packet.Bytes);
        var writer = new FrameWriter(packet.Bytes.AsSpan(PacketHeader.Size, FramesLengthMax));
        new ConnInitFrame
        {
            Version = draw.OneIn(8) ? (ushort)draw.Below(5) : ProtocolVersion.Current,
            Node = source,
            MaxStreams = unchecked((uint)draw.Next()),
            MaxData = draw.Next() >> draw.Below(64),
            Parameters = new TransportParameters
            {
                Tag = draw.Next() | 1,
                InitialStreamData = unchecked((uint)draw.Next()),
                InitialStreamMessages = unchecked((uint)draw.Next()),
                MaxFrameLength = draw.Pick<uint>(1200, 1500, uint.MaxValue),
                MaxMessageLength = draw.Pick<uint>(0, 1, 10_000, uint.MaxValue),
                MaxAckDelayUs = unchecked((uint)draw.Next()) >> draw.Below(32),
                WindowScale = (byte)draw.Below(TransportParameters.WindowScaleMax + 1),
            },
        }.TryWrite(ref writer);
        End(packet, PacketHeader.Size + writer.Length);
    }

    private void Write(Packet packet, Host host, Connection victim)
    {
        Begin(packet, host, draw.OneIn(16) ? new NodeId(draw.Next(), draw.Next()) : victim.Path.Remote);
        ulong next = victim.Path.Received.HasAny ? victim.Path.Received.Largest + 1 : 0;
        new PacketHeader
        {
            Tag = victim.LocalTag,
            PacketNumber = unchecked((uint)(next + (ulong)draw.Pick(0, 0, 0, 1, 7, 4_000, -1))),
            Flags = (byte)draw.Below(2),
            PathId = (byte)(draw.OneIn(32) ? draw.Below(256) : 0),
        }.Write(packet.Bytes);
        var writer = new FrameWriter(packet.Bytes.AsSpan(PacketHeader.Size, FramesLengthMax));
        for (int i = draw.Between(0, 4); i > 0; i--)
        {
            WriteFrame(ref writer, host, victim);
        }

        int length = 0;
        if (draw.OneIn(2) || writer.Length == 0)
        {
            length = draw.OneIn(8) ? 0 : draw.Between(1, PayloadMax);
            WriteData(ref writer, host, victim);
        }

        int end = PacketHeader.Size + writer.Length;
        packet.Bytes.AsSpan(end, length).Fill(0xEE);
        End(packet, end + length);
    }

    private void WriteData(ref FrameWriter writer, Host host, Connection victim)
    {
        uint id = AnyStream(host, victim, out int index);
        ref StreamState stream = ref host.Endpoint.State.Streams[Math.Max(index, 0)];
        TransportMode mode = index >= 0 && !draw.OneIn(16) ? stream.Mode : (TransportMode)draw.Between(1, 4);
        if (mode == TransportMode.Probabilistic && draw.OneIn(3))
        {
            byte size = (byte)draw.Between(1, RepairFrame.GroupSizeMax);
            new RepairFrame
            {
                StreamId = id,
                FirstMessage = Near(stream.Receive.Next),
                GroupSize = size,
                Row = (byte)draw.Below(RepairFrame.GroupSizeMax),
                LengthParity = (uint)draw.Below(2_000),
            }.TryWrite(ref writer);
            return;
        }

        uint messageLength = (uint)draw.Magnitude(1, 30_000);
        new DataFrame
        {
            Mode = mode,
            StreamId = id,
            Position = Near(draw.OneIn(4) ? stream.Receive.Window.Limit : stream.Receive.Next),
            Fin = draw.OneIn(8),
            HasSequence = mode == TransportMode.BestEffort && draw.OneIn(2),
            MessageLength = messageLength,
            FragmentOffset = draw.OneIn(2) ? 0 : (uint)draw.Below((int)messageLength),
            IsGrouped = mode == TransportMode.Probabilistic && draw.OneIn(2),
            GroupIndex = (byte)draw.Below(4),
        }.TryWrite(ref writer);
    }

    private void WriteFrame(ref FrameWriter writer, Host host, Connection victim)
    {
        uint id = AnyStream(host, victim, out int index);
        ref StreamState stream = ref host.Endpoint.State.Streams[Math.Max(index, 0)];
        switch (draw.Below(20))
        {
            case 0:
                new StreamOpenFrame { StreamId = id, Mode = (TransportMode)draw.Between(1, 4), Priority = (byte)draw.Below(16), InitialWindow = unchecked((uint)draw.Next()) >> draw.Below(32) }.TryWrite(ref writer);
                break;
            case 1:
                new StreamAckFrame { StreamId = id }.TryWrite(ref writer);
                break;
            case 2:
                new StreamCloseFrame { StreamId = id, FinalSize = Near(stream.Receive.Highest) }.TryWrite(ref writer);
                break;
            case 3:
                new StreamCloseAckFrame { StreamId = id }.TryWrite(ref writer);
                break;
            case 4 or 5:
                new StreamResetFrame
                {
                    StreamId = id,
                    Error = ReasonCode.ApplicationBase,
                    Direction = (StreamResetDirection)draw.Below(2),
                    FinalSize = Near(stream.Receive.Highest),
                    FinalCharge = Near(stream.Receive.Highest),
                }.TryWrite(ref writer);
                break;
            case 6:
                new WindowUpdateFrame { StreamId = draw.OneIn(2) ? 0 : id, Limit = draw.OneIn(4) ? ulong.MaxValue : Near(stream.Send.Window.Limit) }.TryWrite(ref writer);
                break;
            case 7:
                new DataSkipFrame { StreamId = id, Message = Near(stream.Receive.Next), Charge = (uint)draw.Magnitude(1, 100_000) }.TryWrite(ref writer);
                break;
            case 8:
                new MaxStreamsFrame { MaxStreams = unchecked((uint)draw.Next()) >> draw.Below(32) }.TryWrite(ref writer);
                break;
            case 9:
                new PingFrame { PingId = draw.Next() }.TryWrite(ref writer);
                break;
            case 10:
                new PongFrame { PingId = draw.OneIn(2) ? victim.Path.PingId : draw.Next() }.TryWrite(ref writer);
                break;
            case 11:
                new CongestionFrame { EcnCeCount = draw.Next() }.TryWrite(ref writer);
                break;
            case 12:
                new StreamDataAckFrame { StreamId = Math.Max(id, 1), AckNumber = unchecked((uint)Near(stream.Send.Window.Used)), WindowUpdate = (uint)draw.Below(1000) }.TryWrite(ref writer);
                break;
            case 13:
                uint from = unchecked((uint)Near(stream.Send.Window.Used));
                DataNackFrame.TryWrite(ref writer, Math.Max(id, 1), [new NackRange(from, unchecked(from + 1))]);
                break;
            case 14:
                new ReceiverReportFrame { StreamId = id, Received = Near(stream.Send.Window.Used), Lost = (ulong)draw.Below(5), BurstLengthMeanQ8 = (uint)draw.Below(2_000), IntervalUs = (uint)draw.Below(100_000) }.TryWrite(ref writer);
                break;
            case 15 when draw.OneIn(4):
                new ConnCloseFrame { Reason = ReasonCode.None, IsGraceful = draw.OneIn(2), IsReflected = draw.OneIn(4) }.TryWrite(ref writer);
                break;
            case 16 when draw.OneIn(4):
                default(ConnCloseAckFrame).TryWrite(ref writer);
                break;
            default:
                ulong largest = victim.Path.NextPacketNumber - Math.Min(victim.Path.NextPacketNumber, (ulong)draw.Between(0, 5));
                PacketAckFrame.TryWrite(
                    ref writer, 0, unchecked((uint)draw.Next()) >> draw.Below(32), [new PacketNumberRange(largest - Math.Min(largest, (ulong)draw.Below(3)), largest)],
                    new EcnCounts { Ce = (ulong)draw.Below(100) }, draw.OneIn(3), draw.OneIn(4) ? ulong.MaxValue : Near(victim.Credit.Limit));
                break;
        }
    }

    /// <summary>The id of a stream that lives, or lived, or may be opened, or may not.</summary>
    private uint AnyStream(Host host, Connection victim, out int index)
    {
        index = -1;
        if (victim.Streams.Head >= 0 && victim.State != ConnectionState.Closed && !draw.OneIn(4))
        {
            index = victim.Streams.Head;
            for (int i = draw.Below(Math.Max(victim.StreamCount, 1)); i > 0 && host.Endpoint.State.Streams[index].SiblingLink.Next >= 0; i--)
            {
                index = host.Endpoint.State.Streams[index].SiblingLink.Next;
            }

            return host.Endpoint.State.Streams[index].Id;
        }

        return draw.OneIn(8) ? unchecked((uint)draw.Next()) : StreamId.FromOrdinal((uint)draw.Below(8), client: draw.OneIn(2));
    }

    private ulong Near(ulong number)
    {
        int offset = draw.Pick(0, 0, 1, 2, 300, 5_000, -1, -2, -300);
        return offset < 0 ? number - Math.Min(number, (ulong)-offset) : unchecked(number + (ulong)offset);
    }
}
