using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Core.Connections;

/// <summary>
/// The state of a handshake, carried by the initiator (RFC 9260 §5.1.3): when it was made, and a MAC over that, both nodes and the
/// initiator's tag. Whoever returns it can receive at the address that it was sent to.
/// </summary>
internal static class Cookie
{
    /// <summary>Time (64 bits) and MAC (128 bits).</summary>
    public const int Size = 24;

    /// <summary>A cookie is good for a minute, as RFC 9260 §16 suggests.</summary>
    private const long LifetimeNs = 60 * Instant.Second;

    private const int TimeSize = 8;
    private const ulong FirstDomain = 1;
    private const ulong SecondDomain = 2;

    public static void Write(in KeyedHash hash, Span<byte> cookie, NodeId initiator, NodeId acceptor, ulong tag, Instant now)
    {
        BinaryPrimitives.WriteInt64BigEndian(cookie, now.Nanoseconds);
        WriteMac(hash, cookie[..TimeSize], cookie[TimeSize..], initiator, acceptor, tag);
    }

    public static bool IsValid(in KeyedHash hash, ReadOnlySpan<byte> cookie, NodeId initiator, NodeId acceptor, ulong tag, Instant now)
    {
        if (cookie.Length != Size)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[Size - TimeSize];
        WriteMac(hash, cookie[..TimeSize], mac, initiator, acceptor, tag);
        long age = now - new Instant(BinaryPrimitives.ReadInt64BigEndian(cookie));
        return mac.SequenceEqual(cookie[TimeSize..]) && age is >= 0 and <= LifetimeNs;
    }

    private static void WriteMac(in KeyedHash hash, ReadOnlySpan<byte> time, Span<byte> mac, NodeId initiator, NodeId acceptor, ulong tag)
    {
        Span<byte> input = stackalloc byte[8 + TimeSize + NodeId.Size + NodeId.Size + 8];
        time.CopyTo(input[8..]);
        initiator.Write(input[(8 + TimeSize)..]);
        acceptor.Write(input[(8 + TimeSize + NodeId.Size)..]);
        BinaryPrimitives.WriteUInt64BigEndian(input[^8..], tag);
        BinaryPrimitives.WriteUInt64BigEndian(input, FirstDomain);
        BinaryPrimitives.WriteUInt64BigEndian(mac, hash.Compute(input));
        BinaryPrimitives.WriteUInt64BigEndian(input, SecondDomain);
        BinaryPrimitives.WriteUInt64BigEndian(mac[8..], hash.Compute(input));
    }
}
