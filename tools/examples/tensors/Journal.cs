using System.Globalization;
using System.Text;

namespace NexStream.Examples.Tensors;

/// <summary>
/// How far each tensor has come, in a file beside the one that grows. Its first line is the key of the index, each further one the number of a tensor and the
/// bytes of it that are written. A line begins with its line break: one that was cut off by a crash names too few bytes at worst, and spoils none behind it.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly FileStream _file;
    private readonly long[] _positions;
    private readonly Lock _lock = new();

    public Journal(string path, TensorIndex index)
    {
        // Whoever fetches into the same file at the same time is refused here. No buffer: what is recorded outlives the process.
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        _positions = new long[index.Header.Tensors.Count];
        using StreamReader reader = new(_file, leaveOpen: true);
        IsNew = reader.ReadLine() != index.Key;
        if (IsNew)
        {
            // There was none, or the server has another file now.
            _file.SetLength(0);
            _file.Write(Encoding.ASCII.GetBytes(index.Key));
            return;
        }

        while (reader.ReadLine() is { } line)
        {
            if (line.Split(' ') is [string first, string second]
                && int.TryParse(first, CultureInfo.InvariantCulture, out int number) && number >= 0 && number < _positions.Length
                && long.TryParse(second, CultureInfo.InvariantCulture, out long position) && position >= 0 && position <= index.Header.Tensors[number].Length)
            {
                _positions[number] = position;
            }
        }
    }

    /// <summary>Whether nothing of this file has arrived yet.</summary>
    public bool IsNew { get; }

    /// <summary>Bytes of a tensor that are written.</summary>
    public long this[int number] => _positions[number];

    /// <summary>Says how many bytes of a tensor are written. Any thread may.</summary>
    public void Record(int number, long position)
    {
        lock (_lock)
        {
            _positions[number] = position;
            _file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n{number} {position}")));
        }
    }

    public void Dispose() => _file.Dispose();
}
