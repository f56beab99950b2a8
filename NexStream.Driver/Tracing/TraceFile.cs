using Microsoft.Win32.SafeHandles;
using NexStream.Core.Tracing;

namespace NexStream.Driver.Tracing;

/// <summary>
/// A trace goes into a file, written by the thread that calls the endpoint: 64 KiB at a time, which the operating system takes into its cache. Flush the recorder before
/// this is disposed of.
/// </summary>
public sealed class TraceFile : ITraceSink, IDisposable
{
    private readonly SafeFileHandle _file;
    private long _length;

    /// <summary>Makes the file, or replaces it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be made.</exception>
    public TraceFile(string path)
    {
        Path = path;
        _file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <inheritdoc />
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, _length);
        _length += bytes.Length;
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();
}
