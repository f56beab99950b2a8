namespace NexStream.Core.Tracing;

/// <summary>The numbers of the trace format; docs/traces.md has every byte.</summary>
internal static class TraceFormat
{
    /// <summary>Goes up whenever an older reader would misunderstand a trace.</summary>
    public const byte Version = 1;

    /// <summary>A block: sequence number, length, checksum (4 bytes each), and then its bytes.</summary>
    public const int BlockHeaderSize = 12;

    /// <summary>Bytes of a block, at most: a burst of packets fits, and a torn tail costs little.</summary>
    public const int BlockSizeMax = 64 * 1024;

    /// <summary>A head up to so long is written as what differs from the one before. No transmission has a longer one.</summary>
    public const int HeadSizeMax = 384;

    /// <summary>Generators of one trace, at most: each is asked about every payload.</summary>
    public const int GeneratorsMax = 8;

    /// <summary>Bytes of a name, of a generator or of a congestion controller.</summary>
    public const int NameSizeMax = 64;

    /// <summary>What a trace begins with: seven letters and the version.</summary>
    public static ReadOnlySpan<byte> Magic => "NXTRACE"u8;

    /// <summary>Small negative numbers become small positive ones.</summary>
    public static ulong ZigZag(long value) => unchecked((ulong)(value << 1) ^ (ulong)(value >> 63));

    /// <summary>The inverse of <see cref="ZigZag"/>.</summary>
    public static long UnZigZag(ulong value) => unchecked((long)(value >> 1) ^ -(long)(value & 1));
}

/// <summary>Which parts of a received frame's NexLink header are not those of the frame before.</summary>
[Flags]
internal enum TraceHeaderParts : byte
{
    /// <summary>Priority, ECN code point and frame type.</summary>
    Kind = 1,

    /// <summary>The length does not say what came.</summary>
    Length = 2,
    Stream = 4,
    Checksum = 8,
    Source = 16,
    Destination = 32,

    /// <summary>Not of the header: the packet lies in a frame of the endpoint's own.</summary>
    InFrame = 64,
}
