using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Path Id (8)  |                    Tag (64) ...
// +---------------+-----------------------------------------------+
// |                         Node Id (128) ...
// +---------------------------------------------------------------+

/// <summary>PATH_OFFER: the sender takes packets of a further path at this node, under this tag.</summary>
internal struct PathOfferFrame
{
    /// <summary>Bytes of the frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PayloadSize;

    private const int PayloadSize = 25;

    /// <summary>The path that the tag is for.</summary>
    public byte PathId;

    /// <summary>What packets on that path must carry. Never 0.</summary>
    public ulong Tag;

    /// <summary>The node at which the sender of this is reached on that path.</summary>
    public NodeId Node;

    /// <summary>False: too short, or tag 0.</summary>
    public static bool TryRead(in RawFrame raw, out PathOfferFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PayloadSize)
        {
            return false;
        }

        frame.PathId = payload[0];
        frame.Tag = BinaryPrimitives.ReadUInt64BigEndian(payload[1..]);
        frame.Node = NodeId.Read(payload[9..]);
        return frame.Tag != 0;
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.PathOffer, 0, PayloadSize, out Span<byte> payload))
        {
            return false;
        }

        payload[0] = PathId;
        BinaryPrimitives.WriteUInt64BigEndian(payload[1..], Tag);
        Node.Write(payload[9..]);
        return true;
    }
}
