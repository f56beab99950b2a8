using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Tests.Support;

/// <summary>Writes packets as a hostile peer would: with the right tags, and whatever content a test asks for.</summary>
internal static class Forge
{
    /// <summary>Writes the frames of a packet.</summary>
    public delegate void Content(ref FrameWriter writer);

    /// <summary>A packet to a side that its peer could have sent: the next packet number that the side has not seen.</summary>
    public static Pair.Frame Packet(Pair pair, Pair.Side to, Content content, ReadOnlySpan<byte> payload = default, ulong tag = 0)
    {
        Connection connection = ConnectionOf(to);
        ulong number = connection.Path.Received.HasAny ? connection.Path.Received.Largest + 1 : 0;
        return Packet(pair, to, unchecked((uint)number), content, payload, tag != 0 ? tag : connection.LocalTag);
    }

    public static Pair.Frame Packet(Pair pair, Pair.Side to, uint number, Content content, ReadOnlySpan<byte> payload, ulong tag)
    {
        byte[] bytes = new byte[2000];
        new PacketHeader { Tag = tag, PacketNumber = number }.Write(bytes);
        var writer = new FrameWriter(bytes.AsSpan(PacketHeader.Size, 1400));
        content(ref writer);
        int length = PacketHeader.Size + writer.Length;
        payload.CopyTo(bytes.AsSpan(length));
        length += payload.Length;
        return Raw(pair, to, bytes[..length]);
    }

    /// <summary>Any bytes, in a NexLink frame between the two nodes.</summary>
    public static Pair.Frame Raw(Pair pair, Pair.Side to, byte[] bytes)
    {
        Pair.Side from = pair.Peer(to);
        var header = new LinkHeader
        {
            FrameType = LinkFrameType.StreamControl,
            PayloadLength = (uint)bytes.Length,
            Source = from.Endpoint.Node,
            Destination = to.Endpoint.Node,
        };
        return new Pair.Frame(header, bytes);
    }

    /// <summary>Sends a forged packet to a side.</summary>
    public static void Inject(Pair pair, Pair.Side to, Content content, ReadOnlySpan<byte> payload = default) =>
        pair.Inject(to, Packet(pair, to, content, payload));

    public static Connection ConnectionOf(Pair.Side side) => side.Endpoint.State.Connections[side.Connection.Index];
}
