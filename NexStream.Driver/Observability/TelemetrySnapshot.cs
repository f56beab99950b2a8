using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace NexStream.Driver.Observability;

/// <summary>A copy of what a driver has shown last.</summary>
internal sealed class TelemetrySnapshot
{
    /// <summary>Copies before a writer that never ends counts as one that has died in the middle.</summary>
    private const int AttemptsMax = 1000;

    private TelemetrySnapshot(byte[] bytes)
    {
        Header = MemoryMarshal.Read<TelemetryHeader>(bytes);
        ReadOnlySpan<byte> rest = bytes.AsSpan(Unsafe.SizeOf<TelemetryHeader>());
        Totals = MemoryMarshal.Read<TelemetryTotals>(rest);
        rest = rest[Unsafe.SizeOf<TelemetryTotals>()..];
        ReadOnlySpan<ConnectionRecord> connections = MemoryMarshal.Cast<byte, ConnectionRecord>(rest)[..Header.ConnectionCapacity];
        Connections = connections[..Math.Clamp(Header.ConnectionCount, 0, connections.Length)].ToArray();
        ReadOnlySpan<StreamRecord> streams = MemoryMarshal.Cast<byte, StreamRecord>(rest[MemoryMarshal.AsBytes(connections).Length..])[..Header.StreamCapacity];
        Streams = streams[..Math.Clamp(Header.StreamCount, 0, streams.Length)].ToArray();
        TelemetryHeader header = Header;
        ReadOnlySpan<byte> name = header.Driver;
        Name = Encoding.UTF8.GetString(name[..Math.Max(0, name.IndexOf((byte)0))]);
    }

    public TelemetryHeader Header { get; }

    public TelemetryTotals Totals { get; }

    public ConnectionRecord[] Connections { get; }

    public StreamRecord[] Streams { get; }

    /// <summary>The driver's name.</summary>
    public string Name { get; }

    /// <summary>Copies a block. Null: it is none, of another version, nothing was written yet, or its writer has died while it wrote.</summary>
    public static TelemetrySnapshot? Copy(ReadOnlySpan<byte> block)
    {
        if (block.Length < Unsafe.SizeOf<TelemetryHeader>())
        {
            return null;
        }

        ref readonly TelemetryHeader header = ref MemoryMarshal.AsRef<TelemetryHeader>(block);
        byte[] copy = new byte[block.Length];
        for (int i = 0; i < AttemptsMax; i++)
        {
            uint before = Volatile.Read(in header.Sequence);
            block.CopyTo(copy);
            Thread.MemoryBarrier();
            if (before % 2 == 0 && Volatile.Read(in header.Sequence) == before)
            {
                return before != 0 && IsWhole(copy) ? new TelemetrySnapshot(copy) : null;
            }

            Thread.Yield();
        }

        return null;
    }

    private static bool IsWhole(byte[] bytes)
    {
        TelemetryHeader header = MemoryMarshal.Read<TelemetryHeader>(bytes);
        return header.Magic == TelemetryHeader.ExpectedMagic
            && header.ConnectionCapacity is >= 0 and <= TelemetryBlock.RecordsMax
            && header.StreamCapacity is >= 0 and <= TelemetryBlock.RecordsMax
            && bytes.Length >= TelemetryBlock.LengthOf(header.ConnectionCapacity, header.StreamCapacity);
    }
}
