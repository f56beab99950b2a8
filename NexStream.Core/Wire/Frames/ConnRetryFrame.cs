namespace NexStream.Core.Wire.Frames;

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | Cookie Len (8)|              Cookie (0 to 64 bytes) ...
// +---------------+-----------------------------------------------+

/// <summary>CONN_RETRY: the acceptor keeps no state until a CONN_INIT brings this cookie back (RFC 9260 §5.1, RFC 9000 §8.1).</summary>
internal ref struct ConnRetryFrame
{
    /// <summary>The longest cookie: room for a MAC, a time stamp and the addresses that it covers.</summary>
    public const int CookieLengthMax = 64;

    /// <summary>What the next CONN_INIT must repeat.</summary>
    public ReadOnlySpan<byte> Cookie;

    /// <summary>Bytes of the frame with its header.</summary>
    public readonly int WireLength => RawFrame.HeaderSize + 1 + Cookie.Length;

    /// <summary>False: too short, or a cookie too long.</summary>
    public static bool TryRead(scoped in RawFrame raw, out ConnRetryFrame frame)
    {
        frame = default;
        return TryReadCookie(raw.Payload, out frame.Cookie);
    }

    /// <summary>False: does not fit, and nothing was written.</summary>
    public readonly bool TryWrite(ref FrameWriter writer)
    {
        if (Cookie.Length > CookieLengthMax || !writer.TryBegin(FrameType.ConnRetry, 0, 1 + Cookie.Length, out Span<byte> payload))
        {
            return false;
        }

        WriteCookie(payload, Cookie);
        return true;
    }

    /// <summary>Reads a length and a cookie. CONN_INIT ends with the same two fields.</summary>
    internal static bool TryReadCookie(ReadOnlySpan<byte> source, out ReadOnlySpan<byte> cookie)
    {
        cookie = default;
        if (source.IsEmpty || source[0] > CookieLengthMax || source[0] > source.Length - 1)
        {
            return false;
        }

        cookie = source.Slice(1, source[0]);
        return true;
    }

    /// <summary>Writes a length and a cookie.</summary>
    internal static void WriteCookie(Span<byte> destination, ReadOnlySpan<byte> cookie)
    {
        destination[0] = (byte)cookie.Length;
        cookie.CopyTo(destination[1..]);
    }
}
