using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire;

/// <summary>What the payload of a NexLink frame is (seed §3.4).</summary>
public enum LinkFrameType : ushort
{
    /// <summary>A packet that ends with a DATA frame.</summary>
    StreamData = 0x0006,

    /// <summary>A packet of control frames only.</summary>
    StreamControl = 0x0007,
}

/// <summary>Explicit congestion notification, the code points of RFC 3168 §5.</summary>
public enum EcnCodepoint : byte
{
    /// <summary>The transport does not react to marks.</summary>
    NotEct = 0b00,

    /// <summary>ECN-capable, code point 1.</summary>
    Ect1 = 0b01,

    /// <summary>ECN-capable, code point 0.</summary>
    Ect0 = 0b10,

    /// <summary>Congestion experienced.</summary>
    CongestionExperienced = 0b11,
}

/// <summary>
/// The header of a NexLink frame: 48 bytes in network byte order, laid out in docs/wire-format.md and in nexlink-native/include/nexlink.h.
/// The first byte is the version in the upper four bits and the priority in the lower four; the second is the ECN code point in its lower two.
/// </summary>
public struct LinkHeader
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 48;

    /// <summary>The version that this library speaks.</summary>
    public const byte CurrentVersion = 1;

    /// <summary>The highest priority (seed §3.2).</summary>
    public const byte PriorityMax = 15;

    /// <summary>0 (lowest) to 15.</summary>
    public byte Priority;

    /// <summary>ECN code point.</summary>
    public EcnCodepoint Ecn;

    /// <summary>What the payload is.</summary>
    public LinkFrameType FrameType;

    /// <summary>Bytes that follow the header.</summary>
    public uint PayloadLength;

    /// <summary>The stream whose data the packet carries; 0 where it carries none.</summary>
    public uint StreamId;

    /// <summary>CRC-32C of the payload, or 0 where the link needs none.</summary>
    public uint Checksum;

    /// <summary>Who sent the frame.</summary>
    public NodeId Source;

    /// <summary>Whom it is for.</summary>
    public NodeId Destination;

    /// <summary>Reads a header. False: too short, or of another version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out LinkHeader header)
    {
        header = default;
        if (source.Length < Size || source[0] >> 4 != CurrentVersion)
        {
            return false;
        }

        header.Priority = (byte)(source[0] & PriorityMax);
        header.Ecn = (EcnCodepoint)(source[1] & 0b11);
        header.FrameType = (LinkFrameType)BinaryPrimitives.ReadUInt16BigEndian(source[2..]);
        header.PayloadLength = BinaryPrimitives.ReadUInt32BigEndian(source[4..]);
        header.StreamId = BinaryPrimitives.ReadUInt32BigEndian(source[8..]);
        header.Checksum = BinaryPrimitives.ReadUInt32BigEndian(source[12..]);
        header.Source = NodeId.Read(source[16..]);
        header.Destination = NodeId.Read(source[32..]);
        return true;
    }

    /// <summary>Writes the first <see cref="Size"/> bytes of <paramref name="destination"/>.</summary>
    public readonly void Write(Span<byte> destination)
    {
        destination[0] = (byte)((CurrentVersion << 4) | (Priority & PriorityMax));
        destination[1] = (byte)Ecn;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)FrameType);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], PayloadLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], Checksum);
        Source.Write(destination[16..]);
        Destination.Write(destination[32..]);
    }
}
