using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Support;

/// <summary>Looks into frames that pass a <see cref="Pair"/>, and makes some that no endpoint would send.</summary>
internal static class PairFrames
{
    /// <summary>Whether a packet has a control frame of this type.</summary>
    public static bool Carries(this Pair.Frame frame, FrameType type)
    {
        var reader = new FrameReader(frame.Bytes.AsSpan(PacketHeader.Size));
        while (reader.TryRead(out RawFrame raw))
        {
            if (raw.Type == type)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>CONN_INIT as a client with this node and tag would send it.</summary>
    public static Pair.Frame Init(NodeId source, NodeId destination, ulong tag, ushort version = ProtocolVersion.Current, byte[]? cookie = null)
    {
        byte[] bytes = new byte[256];
        default(PacketHeader).Write(bytes);
        var writer = new FrameWriter(bytes.AsSpan(PacketHeader.Size));
        var init = new ConnInitFrame
        {
            Version = ProtocolVersion.Current,
            Node = source,
            MaxStreams = 10,
            MaxData = 100_000,
            Parameters = new TransportParameters { Tag = tag, MaxFrameLength = 1500, MaxMessageLength = 10_000, MaxAckDelayUs = 5000 },
            Cookie = cookie,
        };
        Assert.That(init.TryWrite(ref writer), Is.True);

        // Another version has the same fields and perhaps more: only the first two bytes of the payload tell it.
        bytes[PacketHeader.Size + RawFrame.HeaderSize] = (byte)(version >> 8);
        bytes[PacketHeader.Size + RawFrame.HeaderSize + 1] = (byte)(version & 0xff);
        return Packet(source, destination, bytes[..(PacketHeader.Size + writer.Length)]);
    }

    /// <summary>A NexLink frame around a packet.</summary>
    public static Pair.Frame Packet(NodeId source, NodeId destination, byte[] packet) => new(
        new LinkHeader { FrameType = LinkFrameType.StreamControl, PayloadLength = (uint)packet.Length, Source = source, Destination = destination },
        packet);
}
