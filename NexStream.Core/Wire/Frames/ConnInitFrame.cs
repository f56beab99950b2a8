using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |          Version (16)         |         Node Id (128) ...
// +-------------------------------+-------------------------------+
// |                        Max Streams (32)                       |
// +---------------------------------------------------------------+
// |                          Max Data (64)                        |
// |                                                               |
// +---------------------------------------------------------------+   only in version 1:
// |                 Transport Parameters (33 bytes) ...
// +---------------+-----------------------------------------------+
// | Cookie Len (8)|              Cookie (0 to 64 bytes) ...
// +---------------+-----------------------------------------------+

/// <summary>CONN_INIT: asks for a connection. What follows the seed's fields is known for version 1 only.</summary>
internal ref struct ConnInitFrame
{
    private const int PrefixSize = 30;

    /// <summary>The version that the initiator speaks.</summary>
    public ushort Version;

    /// <summary>The initiator's identity.</summary>
    public NodeId Node;

    /// <summary>Streams that the acceptor may open, in total, until MAX_STREAMS raises it.</summary>
    public uint MaxStreams;

    /// <summary>Bytes that the acceptor may send on all streams, until credit raises it.</summary>
    public ulong MaxData;

    /// <summary>The initiator's parameters; left at their defaults for another version.</summary>
    public TransportParameters Parameters;

    /// <summary>The cookie of a CONN_RETRY, or empty.</summary>
    public ReadOnlySpan<byte> Cookie;

    /// <summary>Bytes of the frame with its header.</summary>
    public readonly int WireLength =>
        RawFrame.HeaderSize + PrefixSize + (Version == ProtocolVersion.Current ? TransportParameters.Size + 1 + Cookie.Length : 0);

    /// <summary>False: too short, impossible parameters, or a cookie too long.</summary>
    public static bool TryRead(scoped in RawFrame raw, out ConnInitFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PrefixSize)
        {
            return false;
        }

        frame.Version = BinaryPrimitives.ReadUInt16BigEndian(payload);
        frame.Node = NodeId.Read(payload[2..]);
        frame.MaxStreams = BinaryPrimitives.ReadUInt32BigEndian(payload[18..]);
        frame.MaxData = BinaryPrimitives.ReadUInt64BigEndian(payload[22..]);
        if (frame.Version != ProtocolVersion.Current)
        {
            return true;
        }

        payload = payload[PrefixSize..];
        return TransportParameters.TryRead(payload, out frame.Parameters)
            && ConnRetryFrame.TryReadCookie(payload[TransportParameters.Size..], out frame.Cookie);
    }

    /// <summary>False: does not fit, and nothing was written. Of another version only the seed's fields are written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (Cookie.Length > ConnRetryFrame.CookieLengthMax
            || !writer.TryBegin(FrameType.ConnInit, 0, WireLength - RawFrame.HeaderSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt16BigEndian(payload, Version);
        Node.Write(payload[2..]);
        BinaryPrimitives.WriteUInt32BigEndian(payload[18..], MaxStreams);
        BinaryPrimitives.WriteUInt64BigEndian(payload[22..], MaxData);
        if (Version == ProtocolVersion.Current)
        {
            payload = payload[PrefixSize..];
            Parameters.Write(payload);
            ConnRetryFrame.WriteCookie(payload[TransportParameters.Size..], Cookie);
        }

        return true;
    }
}
