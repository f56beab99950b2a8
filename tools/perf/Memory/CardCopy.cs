using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NexStream.Perf.Memory;

/// <summary>
/// How an imagined network card moves payload: as the C library copies memory, in the widest vectors that the processor has, whatever processor this program was
/// compiled for. Peers that are written in C copy by the same function.
/// </summary>
internal static unsafe partial class CardCopy
{
    /// <summary>Copies all of <paramref name="source"/> to the beginning of <paramref name="destination"/>, which does not overlap it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!OperatingSystem.IsLinux())
        {
            source.CopyTo(destination);
            return;
        }

        fixed (byte* from = source, to = destination[..source.Length])
        {
            CopyMemory(to, from, (nuint)source.Length);
        }
    }

    [LibraryImport("libc", EntryPoint = "memcpy")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    private static partial void* CopyMemory(void* destination, void* source, nuint length);
}
