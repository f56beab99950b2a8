using System.Buffers.Binary;
using System.Text;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;

namespace NexStream.Replay.Reading;

/// <summary>Numbers, names, instants and payloads, as <see cref="TraceWriter"/> and <see cref="PayloadTrace"/> write them.</summary>
internal sealed class ItemReader(BlockReader blocks)
{
    /// <summary>The longest payload that is believed: more than an endpoint holds for a stream, and far less than memory.</summary>
    public const int PayloadMax = 1 << 28;

    private const int VarintBits = 7;
    private const int VarintSizeMax = 10;
    private const int MaskBits = 8;

    // A length is only believed as far as bytes follow it.
    private const int ReadAtOnce = 1 << 20;

    private readonly byte[] _head = new byte[TraceFormat.HeadSizeMax];
    private IPayloadGenerator[] _generators = [];
    private ulong[] _expected = [];
    private long _lastTime;

    public bool TryPeek(out byte next) => blocks.TryPeek(out next);

    /// <summary>Who makes up the payloads that are places only.</summary>
    public void UseGenerators(IPayloadGenerator[] generators)
    {
        _generators = generators;
        _expected = new ulong[generators.Length];
    }

    public byte Byte() => blocks.ReadByte();

    public bool Flag() => Byte() switch
    {
        0 => false,
        1 => true,
        byte other => throw new TraceException($"{other} is neither yes nor no."),
    };

    public ulong Varint()
    {
        ulong value = 0;
        for (int i = 0; i < VarintSizeMax; i++)
        {
            byte next = Byte();
            value |= unchecked((ulong)(next & 0x7F) << (VarintBits * i));
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new TraceException($"A number has more than {VarintSizeMax} bytes.");
    }

    /// <summary>A number from 0 to <paramref name="maximum"/>.</summary>
    public int Int(int maximum, string what)
    {
        ulong value = Varint();
        return value <= (ulong)maximum ? (int)value : throw new TraceException($"{what} is {value}; it may be at most {maximum}.");
    }

    public uint UInt(string what)
    {
        ulong value = Varint();
        return value <= uint.MaxValue ? (uint)value : throw new TraceException($"{what} is {value}, and has 32 bits.");
    }

    public long Signed() => TraceFormat.UnZigZag(Varint());

    public uint Word()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        blocks.Read(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public Instant Time()
    {
        _lastTime = unchecked(_lastTime + Signed());
        return new Instant(_lastTime);
    }

    public NodeId Node()
    {
        Span<byte> bytes = stackalloc byte[NodeId.Size];
        blocks.Read(bytes);
        return NodeId.Read(bytes);
    }

    public string Name() => Encoding.UTF8.GetString(Bytes(Int(TraceFormat.NameSizeMax, "The length of a name")));

    public byte[] Bytes(int length)
    {
        byte[] bytes = new byte[Math.Min(length, ReadAtOnce)];
        blocks.Read(bytes);
        for (int read = bytes.Length; read < length; read = bytes.Length)
        {
            Array.Resize(ref bytes, Math.Min(length, 2 * read));
            blocks.Read(bytes.AsSpan(read));
        }

        return bytes;
    }

    /// <summary>A payload with its length.</summary>
    public byte[] Payload() => PayloadOf(Int(PayloadMax, "The length of a payload"));

    /// <summary>A payload whose length is known.</summary>
    public byte[] PayloadOf(int length)
    {
        int generator = Int(_generators.Length, "The number of a generator");
        if (generator == 0)
        {
            return Bytes(length);
        }

        int start = Int(length, "The first byte of a generator");
        byte[] front = Bytes(start);
        ulong position = unchecked(_expected[generator - 1] + (ulong)Signed());
        byte[] payload = new byte[length];
        front.CopyTo(payload, 0);
        _generators[generator - 1].Fill(position, payload.AsSpan(start));
        _expected[generator - 1] = unchecked(position + (ulong)(length - start));
        return payload;
    }

    /// <summary>The leading bytes of a packet, which fill <paramref name="head"/>: at most <see cref="TraceFormat.HeadSizeMax"/>.</summary>
    public void Head(Span<byte> head)
    {
        Span<byte> masks = stackalloc byte[(head.Length + MaskBits - 1) / MaskBits];
        blocks.Read(masks);
        for (int i = 0; i < head.Length; i++)
        {
            if ((masks[i / MaskBits] & (1 << (i % MaskBits))) != 0)
            {
                _head[i] = Byte();
            }
        }

        _head.AsSpan(0, head.Length).CopyTo(head);
    }

    public uint Frame()
    {
        int region = Byte();
        return PayloadSlice.FrameOf(region, Int((1 << PayloadSlice.IndexBits) - 1, "The index of a frame"));
    }

    public PayloadSlice Slice()
    {
        uint frame = Frame();
        int offset = unchecked((int)UInt("An offset"));
        return new PayloadSlice(frame, offset, unchecked((int)UInt("A length")));
    }
}
