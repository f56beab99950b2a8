using System.Runtime.InteropServices;

namespace NexStream.Peers.LiteNet;

/// <summary>Pins threads, as the native peers do.</summary>
internal static partial class Core
{
    /// <summary>Pins the calling thread.</summary>
    /// <exception cref="InvalidOperationException">There is no such core.</exception>
    public static void Pin(int core)
    {
        ulong mask = 1UL << core;
        if (SchedSetAffinity(0, sizeof(ulong), in mask) != 0)
        {
            throw new InvalidOperationException("cannot pin a thread: are there two cores?");
        }
    }

    // Zero is the calling thread, not the process.
    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SchedSetAffinity(int thread, nuint size, in ulong mask);
}
