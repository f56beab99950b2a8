using System.Buffers.Binary;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Driver.Links;

namespace NexStream.Driver;

/// <summary>The way from the links to the endpoint. A descriptor is this process's own copy, which nobody else can change any more.</summary>
internal sealed class Inbox(Endpoint endpoint)
{
    /// <summary>Bytes of the packet header, in front of the frames (docs/wire-format.md).</summary>
    private const int PacketHeaderSize = 16;

    /// <summary>Bytes in front of a frame's fields: type, flags, and the length of the fields at <see cref="FrameLengthOffset"/>.</summary>
    private const int FrameHeaderSize = 4;
    private const int FrameLengthOffset = 2;

    /// <summary>The types of the frames that end a packet with payload behind their fields.</summary>
    private const byte DataType = 0x08;
    private const byte RepairType = 0x25;

    /// <summary>Hands one received packet to the endpoint.</summary>
    public void Deliver(LinkPort port, ref LinkDescriptor descriptor, Instant now, ref DriverStatistics statistics)
    {
        if (!LinkHeader.TryRead(descriptor.Header, out LinkHeader header))
        {
            statistics.FramesMalformed++;
            foreach (ref readonly LinkSlice slice in descriptor.Slices[..descriptor.SliceCount])
            {
                port.Release((int)slice.Frame, 1);
            }

            return;
        }

        statistics.FramesReceived++;
        if (port.IsNetwork)
        {
            DeliverDatagram(port, in descriptor.Slices[0], ref header, now);
            return;
        }

        Span<PayloadSlice> slices = stackalloc PayloadSlice[Transmission.SliceCountMax];
        int count = 0;
        foreach (ref readonly LinkSlice slice in descriptor.Slices[..descriptor.SliceCount])
        {
            slices[count++] = new PayloadSlice(PayloadSlice.FrameOf(port.Region.Number, (int)slice.Frame), (int)slice.Offset, (int)slice.Length);
        }

        LinkFrame frame = new(in header, descriptor.Head[..descriptor.HeadLength], slices[..count]);
        endpoint.Receive(in frame, now);
    }

    /// <summary>
    /// Where the payload of a packet begins, found by walking over its frames; its length where it has none. Only what is in front of
    /// that must lie in one run: wherever a malformed packet leads this to, the endpoint checks it as it checks everything.
    /// </summary>
    internal static int PayloadOffset(ReadOnlySpan<byte> packet)
    {
        int offset = PacketHeaderSize;
        while (offset <= packet.Length - FrameHeaderSize)
        {
            byte type = packet[offset];
            offset += FrameHeaderSize + BinaryPrimitives.ReadUInt16BigEndian(packet[(offset + FrameLengthOffset)..]);
            if (type is DataType or RepairType)
            {
                return Math.Min(offset, packet.Length);
            }
        }

        return packet.Length;
    }

    /// <summary>
    /// A packet that lies whole in one frame of the link's own, where the endpoint reads it. It keeps the frame when it keeps payload of it by reference.
    /// </summary>
    private void DeliverDatagram(LinkPort port, in LinkSlice whole, ref LinkHeader header, Instant now)
    {
        if (header.Destination == default)
        {
            // Who dials an address does not know who is there.
            header.Destination = endpoint.Node;
        }

        ReadOnlySpan<byte> packet = port.Region.Bytes((int)whole.Frame, (int)whole.Offset, (int)whole.Length);
        int head = PayloadOffset(packet);
        if (head < packet.Length)
        {
            uint frame = PayloadSlice.FrameOf(port.Region.Number, (int)whole.Frame);
            PayloadSlice payload = new(frame, (int)whole.Offset + head, packet.Length - head);
            LinkFrame withPayload = new(in header, packet[..head], new ReadOnlySpan<PayloadSlice>(in payload));
            endpoint.Receive(in withPayload, now);
            return;
        }

        LinkFrame headOnly = new(in header, packet);
        endpoint.Receive(in headOnly, now);
        port.Release((int)whole.Frame, 1);
    }
}
