using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace NexStream.Driver.Observability;

/// <summary>Where drivers of this machine show what they do.</summary>
internal static class TelemetryFiles
{
    private const string Prefix = "nexstream-";
    private const string Suffix = ".telemetry";

    /// <summary>A file system in memory where there is one, so that nothing is ever written to a disk.</summary>
    private const string SharedMemory = "/dev/shm";

    private static int s_count;

    private static string Directory => System.IO.Directory.Exists(SharedMemory) ? SharedMemory : System.IO.Path.GetTempPath();

    /// <summary>A file for another driver of this process.</summary>
    public static string NextPath()
    {
        string path;
        do
        {
            path = System.IO.Path.Combine(
                Directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}{Suffix}"));

            // A process of the same number may have been killed here before.
            TryDelete(path);
        }
        while (File.Exists(path));

        return path;
    }

    /// <summary>What the living processes show, those that this user may see. Files of dead ones are removed.</summary>
    /// <param name="processId">Of this process only; null: all.</param>
    public static IReadOnlyList<TelemetrySnapshot> Read(int? processId = null)
    {
        var found = new List<TelemetrySnapshot>();
        foreach (string path in System.IO.Directory.EnumerateFiles(Directory, Prefix + "*" + Suffix).Order(StringComparer.Ordinal))
        {
            if (TryRead(path) is { } snapshot && (processId is null || snapshot.Header.ProcessId == processId))
            {
                found.Add(snapshot);
            }
        }

        return found;
    }

    private static unsafe TelemetrySnapshot? TryRead(string path)
    {
        string[] parts = System.IO.Path.GetFileName(path)[Prefix.Length..].Split('-');
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int processId))
        {
            return null;
        }

        if (!IsAlive(processId))
        {
            TryDelete(path);
            return null;
        }

        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length is 0 or > int.MaxValue)
            {
                return null;
            }

            using var file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            using MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* memory = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref memory);
            try
            {
                return TelemetrySnapshot.Copy(new ReadOnlySpan<byte>(memory, (int)stream.Length));
            }
            finally
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is gone by now, or another user's.
            return null;
        }
    }

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Another user's.
        }
    }
}
