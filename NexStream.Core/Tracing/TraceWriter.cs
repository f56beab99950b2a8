using System.Buffers.Binary;
using System.Text;

namespace NexStream.Core.Tracing;

/// <summary>
/// A stream of bytes, cut into blocks with a number, a length and a checksum each, so that what was written before a crash can be told from what was not. An item may
/// lie in two blocks. All numbers that have no length of their own are little-endian base 128 (LEB128).
/// </summary>
internal sealed class TraceWriter
{
    private const int VarintBits = 7;
    private const byte VarintMore = 0x80;
    private const int VarintSizeMax = 10;

    private readonly ITraceSink _sink;
    private readonly byte[] _block = GC.AllocateUninitializedArray<byte>(TraceFormat.BlockHeaderSize + TraceFormat.BlockSizeMax);
    private int _used = TraceFormat.BlockHeaderSize;
    private uint _sequence;
    private long _lastTime;

    public TraceWriter(ITraceSink sink)
    {
        _sink = sink;
        Span<byte> magic = stackalloc byte[TraceFormat.Magic.Length + 1];
        TraceFormat.Magic.CopyTo(magic);
        magic[^1] = TraceFormat.Version;
        sink.Write(magic);
        Written = magic.Length;
    }

    /// <summary>Bytes that the sink has.</summary>
    public long Written { get; private set; }

    public void Operation(TraceOperation operation) => Byte((byte)operation);

    public void Byte(byte value)
    {
        Reserve(1);
        _block[_used++] = value;
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Varint(ulong value)
    {
        Reserve(VarintSizeMax);
        for (; value >= VarintMore; value >>= VarintBits)
        {
            _block[_used++] = (byte)((byte)(value & (VarintMore - 1)) | VarintMore);
        }

        _block[_used++] = (byte)value;
    }

    public void Varint(int value) => Varint(unchecked((uint)value));

    public void Signed(long value) => Varint(TraceFormat.ZigZag(value));

    public void Word(uint value)
    {
        Reserve(sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(_used), value);
        _used += sizeof(uint);
    }

    /// <summary>An instant, as the distance from the one before.</summary>
    public void Time(Primitives.Instant now)
    {
        Signed(unchecked(now.Nanoseconds - _lastTime));
        _lastTime = now.Nanoseconds;
    }

    public void Node(Primitives.NodeId node)
    {
        Reserve(Primitives.NodeId.Size);
        node.Write(_block.AsSpan(_used));
        _used += Primitives.NodeId.Size;
    }

    /// <summary>A name, cut to <see cref="TraceFormat.NameSizeMax"/> bytes.</summary>
    public void Name(string name)
    {
        Span<byte> utf8 = stackalloc byte[TraceFormat.NameSizeMax];
        Encoding.UTF8.TryGetBytes(name, utf8, out int length);
        Varint(length);
        Bytes(utf8[..length]);
    }

    /// <summary>Bytes whose number the reader knows.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Reserve(1);
            int length = Math.Min(bytes.Length, _block.Length - _used);
            bytes[..length].CopyTo(_block.AsSpan(_used));
            _used += length;
            bytes = bytes[length..];
        }
    }

    /// <summary>Ends the block, however short it is, and hands it to the sink.</summary>
    public void Flush()
    {
        if (_used == TraceFormat.BlockHeaderSize)
        {
            return;
        }

        Span<byte> block = _block.AsSpan(0, _used);
        BinaryPrimitives.WriteUInt32LittleEndian(block, _sequence++);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], _used - TraceFormat.BlockHeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], BlockChecksum.Of(block));

        // A sink that throws has had its chance: the block is not kept for a second one.
        _used = TraceFormat.BlockHeaderSize;
        Written += block.Length;
        _sink.Write(block);
    }

    private void Reserve(int count)
    {
        if (_used + count > _block.Length)
        {
            Flush();
        }
    }
}
