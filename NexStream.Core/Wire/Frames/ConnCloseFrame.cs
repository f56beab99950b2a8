using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                        Reason Code (32)                       |
// +---------------------------------------------------------------+
// |                  Reason Phrase (UTF-8, the rest) ...
// +---------------------------------------------------------------+   only with flag VERSIONS, at the end of the payload:
// |                   Version (16) x Version Count ...
// +---------------+-----------------------------------------------+
// |Version Cnt (8)|
// +---------------+

/// <summary>CONN_CLOSE: ends the connection. The phrase takes the whole rest of the payload, so this frame has no room for extensions.</summary>
internal ref struct ConnCloseFrame
{
    private const byte VersionsFlag = 0x01;
    private const byte ReflectedFlag = 0x02;
    private const byte GracefulFlag = 0x04;
    private const int PrefixSize = 4;
    private const int VersionSize = sizeof(ushort);

    /// <summary>Why.</summary>
    public ReasonCode Reason;

    /// <summary>The tag in the packet header is the one that the receiver of this had sent, not the one that it chose (RFC 9260 §8.4, T bit).</summary>
    public bool IsReflected;

    /// <summary>Whether the receiver flushes what it has queued before it answers CONN_CLOSE_ACK; else the connection is over at once.</summary>
    public bool IsGraceful;

    /// <summary>UTF-8 for people and logs; not checked, so a reader shows it with replacement characters.</summary>
    public ReadOnlySpan<byte> ReasonPhrase;

    /// <summary>The versions that the sender speaks, two bytes each in network byte order, at most 255; often empty.</summary>
    public ReadOnlySpan<byte> Versions;

    /// <summary>How many versions are listed.</summary>
    public readonly int VersionCount => Versions.Length / VersionSize;

    /// <summary>Bytes of the frame with its header.</summary>
    public readonly int WireLength =>
        RawFrame.HeaderSize + PrefixSize + ReasonPhrase.Length + (VersionCount == 0 ? 0 : (VersionCount * VersionSize) + 1);

    /// <summary>The <paramref name="index"/>-th version listed, from 0.</summary>
    public readonly ushort GetVersion(int index) => BinaryPrimitives.ReadUInt16BigEndian(Versions[(index * VersionSize)..]);

    /// <summary>False: too short, or a version list longer than the payload.</summary>
    public static bool TryRead(scoped in RawFrame raw, out ConnCloseFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> payload = raw.Payload;
        if (payload.Length < PrefixSize)
        {
            return false;
        }

        frame.Reason = (ReasonCode)BinaryPrimitives.ReadUInt32BigEndian(payload);
        frame.IsReflected = (raw.Flags & ReflectedFlag) != 0;
        frame.IsGraceful = (raw.Flags & GracefulFlag) != 0;
        frame.ReasonPhrase = payload[PrefixSize..];
        return (raw.Flags & VersionsFlag) == 0 || TrySplitVersions(ref frame);
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        byte flags = (byte)((VersionCount == 0 ? 0 : VersionsFlag) | (IsReflected ? ReflectedFlag : 0) | (IsGraceful ? GracefulFlag : 0));
        if (VersionCount > byte.MaxValue
            || !writer.TryBegin(FrameType.ConnClose, flags, WireLength - RawFrame.HeaderSize, out Span<byte> payload))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)Reason);
        payload = payload[PrefixSize..];
        ReasonPhrase.CopyTo(payload);
        if (VersionCount != 0)
        {
            Versions[..(VersionCount * VersionSize)].CopyTo(payload[ReasonPhrase.Length..]);
            payload[^1] = (byte)VersionCount;
        }

        return true;
    }

    private static bool TrySplitVersions(ref ConnCloseFrame frame)
    {
        ReadOnlySpan<byte> rest = frame.ReasonPhrase;
        if (rest.IsEmpty)
        {
            return false;
        }

        int versionsLength = rest[^1] * VersionSize;
        int phraseLength = rest.Length - 1 - versionsLength;
        if (phraseLength < 0)
        {
            return false;
        }

        frame.ReasonPhrase = rest[..phraseLength];
        frame.Versions = rest.Slice(phraseLength, versionsLength);
        return true;
    }
}
