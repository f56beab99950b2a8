using System.Runtime.InteropServices;

namespace NexStream.Driver.Threads;

/// <summary>Ties the calling thread to one processor core. It is partial because the import's other half is generated.</summary>
internal static unsafe partial class CoreAffinity
{
    /// <summary>Cores that a mask of the kernel's default width names: CPU_SETSIZE of sched.h.</summary>
    private const int CoresMax = 1024;

    private const int BitsPerWord = 64;

    /// <summary>Pins the calling thread. Null: done; otherwise why not, for people.</summary>
    public static string? TryPin(int core)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "threads are pinned to cores on Linux only";
        }

        if (core is < 0 or >= CoresMax)
        {
            return $"there is no core {core}";
        }

        ulong* mask = stackalloc ulong[CoresMax / BitsPerWord];
        new Span<ulong>(mask, CoresMax / BitsPerWord).Clear();
        mask[core / BitsPerWord] = 1UL << (core % BitsPerWord);
        return SetAffinity(0, CoresMax / 8, mask) == 0 ? null : $"core {core}: {Marshal.GetLastPInvokeErrorMessage()}";
    }

    /// <summary>sched_setaffinity(2); thread 0 is the calling one.</summary>
    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint size, ulong* mask);
}
