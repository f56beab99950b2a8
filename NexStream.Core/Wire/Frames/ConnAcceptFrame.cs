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
// +---------------------------------------------------------------+
// |                     Init Packet Number (32)                   |
// +---------------------------------------------------------------+

/// <summary>CONN_ACCEPT: grants a connection. What follows the seed's fields is known for version 1 only.</summary>
internal struct ConnAcceptFrame
{
    /// <summary>Bytes of a version-1 frame with its header.</summary>
    public const int WireSize = RawFrame.HeaderSize + PrefixSize + ExtensionSize;

    private const int PrefixSize = 30;
    private const int ExtensionSize = TransportParameters.Size + sizeof(uint);

    /// <summary>The version that the connection has.</summary>
    public ushort Version;

    /// <summary>The acceptor's identity.</summary>
    public NodeId Node;

    /// <summary>Streams that the initiator may open, in total, until MAX_STREAMS raises it.</summary>
    public uint MaxStreams;

    /// <summary>Bytes that the initiator may send on all streams, until credit raises it.</summary>
    public ulong MaxData;

    /// <summary>The acceptor's parameters; left at their defaults for another version.</summary>
    public TransportParameters Parameters;

    /// <summary>The low 32 bits of the number of the CONN_INIT packet that this answers: an RTT sample without ambiguity.</summary>
    public uint InitPacketNumber;

    /// <summary>Bytes of the frame with its header.</summary>
    public readonly int WireLength => RawFrame.HeaderSize + PrefixSize + (Version == ProtocolVersion.Current ? ExtensionSize : 0);

    /// <summary>False: too short, or impossible parameters.</summary>
    public static bool TryRead(in RawFrame raw, out ConnAcceptFrame frame)
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
        if (payload.Length < ExtensionSize || !TransportParameters.TryRead(payload, out frame.Parameters))
        {
            return false;
        }

        frame.InitPacketNumber = BinaryPrimitives.ReadUInt32BigEndian(payload[TransportParameters.Size..]);
        return true;
    }

    /// <summary>False: does not fit, and nothing was written. Of another version only the seed's fields are written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (!writer.TryBegin(FrameType.ConnAccept, 0, WireLength - RawFrame.HeaderSize, out Span<byte> payload))
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
            BinaryPrimitives.WriteUInt32BigEndian(payload[TransportParameters.Size..], InitPacketNumber);
        }

        return true;
    }
}
