using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace NexStream.Driver.Observability;

/// <summary>What stands in front of a snapshot. It lies in shared memory: only numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TelemetryHeader
{
    /// <summary>"NEXTOP1\0" read as a little-endian number: changes with the layout.</summary>
    public const ulong ExpectedMagic = 0x0031_504f_5458_454e;

    /// <summary>Bytes of the name.</summary>
    public const int NameCapacity = 64;

    public ulong Magic;

    /// <summary>Odd while the snapshot is being written, and another after each.</summary>
    public uint Sequence;
    public int ProcessId;
    public int ConnectionCapacity;
    public int StreamCapacity;
    public int ConnectionCount;
    public int StreamCount;

    /// <summary>The driver's clock when it looked, in nanoseconds: rates are differences over it.</summary>
    public long TakenAtNs;
    public Name Driver;

    /// <summary>UTF-8, filled with zeros.</summary>
    [InlineArray(NameCapacity)]
    internal struct Name
    {
        private byte _first;
    }
}

/// <summary>
/// Memory for one snapshot, which one thread writes and others read, also of other processes. A reader never makes the writer wait: it sees by the sequence number
/// that what it has copied is torn, and copies again (a seqlock).
/// </summary>
internal sealed unsafe class TelemetryBlock : IDisposable
{
    /// <summary>A bound on connections and streams shown: their records stay below a few MiB.</summary>
    public const int RecordsMax = 65536;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly string? _path;
    private readonly byte* _memory;
    private readonly int _connectionCapacity;
    private readonly int _streamCapacity;

    /// <summary>Makes a block.</summary>
    /// <param name="name">The driver's name.</param>
    /// <param name="connections">Connections that it has room for.</param>
    /// <param name="streams">Streams that it has room for.</param>
    /// <param name="path">The file that it lies in, which must not be there; null: memory of this process.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public TelemetryBlock(string name, int connections, int streams, string? path)
    {
        _connectionCapacity = connections;
        _streamCapacity = streams;
        Length = LengthOf(connections, streams);
        if (path is null)
        {
            _memory = (byte*)NativeMemory.AllocZeroed((nuint)Length);
        }
        else
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            var stream = new FileStream(path, options);
            _file = MemoryMappedFile.CreateFromFile(stream, null, Length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
            _view = _file.CreateViewAccessor();
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _memory);
            _path = path;
        }

        ref TelemetryHeader header = ref Header;
        Encoding.UTF8.TryGetBytes(name, ((Span<byte>)header.Driver)[..^1], out _);
        header.ProcessId = Environment.ProcessId;
        header.ConnectionCapacity = connections;
        header.StreamCapacity = streams;
        Volatile.Write(ref header.Magic, TelemetryHeader.ExpectedMagic);
    }

    /// <summary>Bytes of the block.</summary>
    public int Length { get; }

    public ref TelemetryHeader Header => ref *(TelemetryHeader*)_memory;

    public ref TelemetryTotals Totals => ref *(TelemetryTotals*)(_memory + sizeof(TelemetryHeader));

    public Span<ConnectionRecord> Connections => new(_memory + sizeof(TelemetryHeader) + sizeof(TelemetryTotals), _connectionCapacity);

    public Span<StreamRecord> Streams =>
        new(_memory + sizeof(TelemetryHeader) + sizeof(TelemetryTotals) + (_connectionCapacity * sizeof(ConnectionRecord)), _streamCapacity);

    /// <summary>All of it, to copy.</summary>
    public ReadOnlySpan<byte> Bytes => new(_memory, Length);

    /// <summary>Bytes of a block with such room.</summary>
    public static int LengthOf(int connections, int streams) =>
        sizeof(TelemetryHeader) + sizeof(TelemetryTotals) + (connections * sizeof(ConnectionRecord)) + (streams * sizeof(StreamRecord));

    /// <summary>The snapshot is being written from now on.</summary>
    public void Begin()
    {
        Volatile.Write(ref Header.Sequence, Header.Sequence + 1);
        Thread.MemoryBarrier();
    }

    /// <summary>The snapshot is complete.</summary>
    public void End()
    {
        Thread.MemoryBarrier();
        Volatile.Write(ref Header.Sequence, Header.Sequence + 1);
    }

    public void Dispose()
    {
        if (_path is null)
        {
            NativeMemory.Free(_memory);
            return;
        }

        _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
        File.Delete(_path);
    }
}
