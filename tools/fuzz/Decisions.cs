using System.Buffers.Binary;

namespace NexStream.Tools.Fuzz;

/// <summary>
/// An input read as a sequence of decisions. Behind its end every decision is 0, which always means the ordinary thing: a shorter input
/// is a simpler run.
/// </summary>
internal ref struct Decisions(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte Byte()
    {
        if (_rest.IsEmpty)
        {
            return 0;
        }

        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    /// <summary>A number below <paramref name="bound"/>, which is at most 65,536.</summary>
    public int Below(int bound) => bound <= 256 ? Byte() % bound : (Byte() | (Byte() << 8)) % bound;

    public uint Word()
    {
        Span<byte> bytes = [Byte(), Byte(), Byte(), Byte()];
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>Up to <paramref name="length"/> of the bytes that are left.</summary>
    public ReadOnlySpan<byte> Take(int length)
    {
        ReadOnlySpan<byte> taken = _rest[..Math.Min(length, _rest.Length)];
        _rest = _rest[taken.Length..];
        return taken;
    }
}
