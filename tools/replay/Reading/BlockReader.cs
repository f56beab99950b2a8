using System.Buffers.Binary;
using NexStream.Core.Tracing;

namespace NexStream.Replay.Reading;

/// <summary>
/// The bytes of a trace, block by block: each is checked before a byte of it is given out. Where one is damaged the trace ends, and everything before it counts.
/// </summary>
internal sealed class BlockReader
{
    private readonly Stream _source;
    private readonly byte[] _block = new byte[TraceFormat.BlockHeaderSize + TraceFormat.BlockSizeMax];
    private int _at;
    private int _end;
    private uint _sequence;

    /// <exception cref="TraceException">It does not begin like a trace, or is of another version.</exception>
    public BlockReader(Stream source)
    {
        _source = source;
        Span<byte> magic = stackalloc byte[TraceFormat.Magic.Length + 1];
        if (source.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) < magic.Length || !magic.StartsWith(TraceFormat.Magic))
        {
            throw new TraceException("This is no trace: it does not begin with NXTRACE.");
        }

        if (magic[^1] != TraceFormat.Version)
        {
            throw new TraceException($"The trace has version {magic[^1]}, and this program reads version {TraceFormat.Version}: replay it with the program that recorded it.");
        }
    }

    /// <summary>Why the trace ends before the file does; null: it does not.</summary>
    public string? Damage { get; private set; }

    /// <summary>Sees every byte that is read, to copy it.</summary>
    public Action<ReadOnlySpan<byte>>? Tap { get; set; }

    /// <summary>Whether a byte is left.</summary>
    public bool TryPeek(out byte next)
    {
        bool isThere = _at < _end || TryNextBlock();
        next = isThere ? _block[_at] : (byte)0;
        return isThere;
    }

    /// <exception cref="TraceException">The trace ends here.</exception>
    public byte ReadByte()
    {
        if (!TryPeek(out byte next))
        {
            throw new TraceException("The trace ends within an item.");
        }

        Tap?.Invoke(_block.AsSpan(_at, 1));
        _at++;
        return next;
    }

    /// <exception cref="TraceException">The trace ends before.</exception>
    public void Read(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            if (!TryPeek(out _))
            {
                throw new TraceException("The trace ends within an item.");
            }

            int length = Math.Min(destination.Length, _end - _at);
            _block.AsSpan(_at, length).CopyTo(destination);
            Tap?.Invoke(_block.AsSpan(_at, length));
            _at += length;
            destination = destination[length..];
        }
    }

    private bool TryNextBlock()
    {
        if (Damage is not null)
        {
            return false;
        }

        Span<byte> header = _block.AsSpan(0, TraceFormat.BlockHeaderSize);
        int got = _source.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (got == 0)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (got < header.Length || BinaryPrimitives.ReadUInt32LittleEndian(header) != _sequence || length is < 1 or > TraceFormat.BlockSizeMax)
        {
            Damage = $"the header of block {_sequence} is damaged or cut";
            return false;
        }

        if (_source.ReadAtLeast(_block.AsSpan(header.Length, length), length, throwOnEndOfStream: false) < length)
        {
            Damage = $"block {_sequence} is cut";
            return false;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 0);
        if (BlockChecksum.Of(_block.AsSpan(0, header.Length + length)) != checksum)
        {
            Damage = $"block {_sequence} is damaged: its checksum does not match";
            return false;
        }

        _sequence++;
        _at = header.Length;
        _end = header.Length + length;
        return true;
    }
}
