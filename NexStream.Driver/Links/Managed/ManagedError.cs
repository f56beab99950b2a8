using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NexStream.Driver.Links.Managed;

/// <summary>What the last failed call on this thread was about. All texts are literals, which lie in the assembly's image and never move.</summary>
internal static unsafe class ManagedError
{
    [ThreadStatic]
    private static byte* s_text;

    public static byte* Text => s_text is null ? Address(""u8) : s_text;

    /// <summary>Notes a literal and gives the code back, to be returned.</summary>
    public static int Set(int code, ReadOnlySpan<byte> literal)
    {
        s_text = Address(literal);
        return code;
    }

    /// <summary>The address of a UTF-8 literal, which the compiler ends with a zero byte.</summary>
    public static byte* Address(ReadOnlySpan<byte> literal) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));
}
