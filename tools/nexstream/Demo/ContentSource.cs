using Microsoft.Win32.SafeHandles;
using NexStream.Tool.Impairment;

namespace NexStream.Tool.Demo;

/// <summary>The bytes for Reliable-Ordered: a file's, or seeded ones.</summary>
internal sealed class ContentSource : IDisposable
{
    private readonly SafeFileHandle? _file;
    private SeededRandom _random;
    private long _position;

    private ContentSource(SafeFileHandle? file, long length, ulong seed)
    {
        _file = file;
        Length = length;
        _random = new SeededRandom(seed);
    }

    public long Length { get; }

    /// <summary>Opens a file, or makes up bytes when there is none.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ContentSource Open(string? path, long length, ulong seed)
    {
        if (path is null)
        {
            return new ContentSource(null, length, seed);
        }

        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        return new ContentSource(file, RandomAccess.GetLength(file), seed);
    }

    /// <summary>The next bytes; fewer than asked for at the end only.</summary>
    /// <exception cref="IOException">The file cannot be read, or became shorter.</exception>
    public int Read(Span<byte> destination)
    {
        int count = (int)Math.Min(destination.Length, Length - _position);
        if (_file is null)
        {
            _random.Fill(destination[..count]);
            _position += count;
            return count;
        }

        for (int done = 0; done < count;)
        {
            int read = RandomAccess.Read(_file, destination[done..count], _position);
            if (read == 0)
            {
                throw new EndOfStreamException($"The file became shorter while it was read: {_position} of {Length} bytes are left.");
            }

            done += read;
            _position += read;
        }

        return count;
    }

    public void Dispose() => _file?.Dispose();
}
