namespace NexStream.Core.Wire;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |    Type (8)   |   Flags (8)   |          Length (16)          |
// +---------------+---------------+-------------------------------+
// |                     Payload (Length bytes) ...

/// <summary>A frame whose type, flags and payload are known, and whose payload is not yet decoded.</summary>
internal readonly ref struct RawFrame
{
    /// <summary>Bytes of the frame header: type, flags and length.</summary>
    public const int HeaderSize = 4;

    public RawFrame(FrameType type, byte flags, ReadOnlySpan<byte> payload)
    {
        Type = type;
        Flags = flags;
        Payload = payload;
    }

    /// <summary>The type as it was read; it may be one that <see cref="FrameType"/> does not name.</summary>
    public FrameType Type { get; }

    /// <summary>The flags as they were read, unknown ones included.</summary>
    public byte Flags { get; }

    /// <summary>The bytes that the frame's length counts; of a DATA frame its header fields, not the application's payload.</summary>
    public ReadOnlySpan<byte> Payload { get; }
}
