using System.Buffers.Binary;

namespace NexStream.Tools.Fuzz;

/// <summary>Changes bytes as decisions say. The values that it likes are those at which length and sequence arithmetic goes wrong.</summary>
internal static class Mutator
{
    private static readonly uint[] s_edges =
        [0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x3FFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF];

    /// <summary>So many changes at most in one go.</summary>
    private const int ChangesMax = 4;

    /// <summary>A decision takes two bytes at most, and a change no more than 12 of them.</summary>
    private const int BytesPerChange = 24;

    /// <summary>Applies one to four random changes.</summary>
    public static int Apply(ref FuzzRandom random, Span<byte> buffer, int length)
    {
        Span<byte> bytes = stackalloc byte[BytesPerChange * ChangesMax];
        int changes = 1 + random.Below(ChangesMax);
        random.Fill(bytes[..(BytesPerChange * changes)]);
        for (int i = 0; i < changes; i++)
        {
            var decisions = new Decisions(bytes.Slice(i * BytesPerChange, BytesPerChange));
            length = Apply(ref decisions, buffer, length);
        }

        return length;
    }

    /// <summary>Applies one change to the first <paramref name="length"/> bytes of <paramref name="buffer"/>; returns the new length.</summary>
    public static int Apply(ref Decisions decisions, Span<byte> buffer, int length)
    {
        if (length == 0)
        {
            return 0;
        }

        int at = decisions.Below(length);
        switch (decisions.Below(8))
        {
            case 0:
                buffer[at] ^= (byte)(1 << decisions.Below(8));
                return length;
            case 1:
                buffer[at] = decisions.Byte();
                return length;
            case 2 when at + 2 <= length:
                BinaryPrimitives.WriteUInt16BigEndian(buffer[at..], (ushort)(Edge(ref decisions) & 0xFFFF));
                return length;
            case 3 when at + 4 <= length:
                BinaryPrimitives.WriteUInt32BigEndian(buffer[at..], Edge(ref decisions));
                return length;
            case 4 when at + 8 <= length:
                BinaryPrimitives.WriteUInt64BigEndian(buffer[at..], ((ulong)Edge(ref decisions) << 32) | Edge(ref decisions));
                return length;
            case 5:
                return at;
            case 6:
                // A piece is repeated: a frame twice, or a field that shifts all that follow.
                int count = Math.Min(1 + decisions.Below(32), Math.Min(length - at, buffer.Length - length));
                buffer[at..length].CopyTo(buffer[(at + count)..]);
                return length + count;
            default:
                int removed = Math.Min(1 + decisions.Below(32), length - at);
                buffer[(at + removed)..length].CopyTo(buffer[at..]);
                return length - removed;
        }
    }

    private static uint Edge(ref Decisions decisions) => s_edges[decisions.Below(s_edges.Length)];
}
