namespace NexStream.Core.Tracing;

/// <summary>Writes what is long: payloads as a place in a generator's bytes where they are that, and packet heads as what differs from the one before.</summary>
internal sealed class PayloadTrace
{
    private const int MaskBits = 8;

    private readonly TraceWriter _writer;
    private readonly IPayloadGenerator[] _generators;
    private readonly ulong[] _expected;
    private readonly byte[] _head = new byte[TraceFormat.HeadSizeMax];
    private readonly byte[] _changed = new byte[TraceFormat.HeadSizeMax];

    public PayloadTrace(TraceWriter writer, IReadOnlyList<IPayloadGenerator> generators)
    {
        _writer = writer;
        _generators = new IPayloadGenerator[generators.Count];
        _expected = new ulong[generators.Count];
        for (int i = 0; i < _generators.Length; i++)
        {
            _generators[i] = generators[i];
        }
    }

    /// <summary>Writes the names and seeds that a reader needs before everything else.</summary>
    public void WriteGenerators()
    {
        _writer.Varint(_generators.Length);
        foreach (IPayloadGenerator generator in _generators)
        {
            _writer.Name(generator.Name);
            _writer.Varint(generator.Seed);
        }
    }

    /// <summary>A payload with its length.</summary>
    public void Write(ReadOnlySpan<byte> payload)
    {
        _writer.Varint(payload.Length);
        WriteContent(payload);
    }

    /// <summary>A payload whose length the reader knows: 0 and the bytes, or the number of a generator, the bytes at the front, and the place of the rest.</summary>
    public void WriteContent(ReadOnlySpan<byte> payload)
    {
        for (int i = 0; i < _generators.Length; i++)
        {
            if (_generators[i].TryLocate(payload, out int start, out ulong position))
            {
                _writer.Varint(i + 1);
                _writer.Varint(start);
                _writer.Bytes(payload[..start]);
                _writer.Signed(unchecked((long)(position - _expected[i])));
                _expected[i] = unchecked(position + (ulong)(payload.Length - start));
                return;
            }
        }

        _writer.Varint(0);
        _writer.Bytes(payload);
    }

    /// <summary>The leading bytes of a packet, whose number the reader knows: a bit for each that differs from the same byte of the head before, and then those bytes.</summary>
    public void WriteHead(ReadOnlySpan<byte> head)
    {
        if (head.Length > TraceFormat.HeadSizeMax)
        {
            _writer.Bytes(head);
            return;
        }

        int changed = 0;
        for (int at = 0; at < head.Length; at += MaskBits)
        {
            int mask = 0;
            for (int i = at; i < Math.Min(at + MaskBits, head.Length); i++)
            {
                if (_head[i] != head[i])
                {
                    mask |= 1 << (i - at);
                    _changed[changed++] = head[i];
                    _head[i] = head[i];
                }
            }

            _writer.Byte((byte)mask);
        }

        _writer.Bytes(_changed.AsSpan(0, changed));
    }
}
