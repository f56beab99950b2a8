using System.Buffers.Binary;

namespace NexStream.Core.Wire;

/// <summary>
/// Walks the frames of a packet, behind its packet header. It never throws and never reads past the span. Types that it does not know it
/// returns as they are: the caller ends the connection (a frame that is skipped silently would be acknowledged and yet lost).
/// </summary>
internal ref struct FrameReader
{
    private ReadOnlySpan<byte> _remaining;
    private bool _isAtEnd;

    /// <summary>Starts at the first frame. A packet without frames is malformed (RFC 9000 §12.4).</summary>
    public FrameReader(ReadOnlySpan<byte> frames)
    {
        _remaining = frames;
        IsMalformed = frames.IsEmpty;
    }

    /// <summary>Whether reading stopped because the bytes are not frames.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>What was not read yet; after a DATA or REPAIR frame the bytes of the application's payload that lie in the span.</summary>
    public readonly ReadOnlySpan<byte> Remaining => _remaining;

    /// <summary>Whether the next frame is DATA or REPAIR, the last of its packet: <see cref="Remaining"/> begins with it.</summary>
    public readonly bool IsAtData => !_remaining.IsEmpty && (FrameType)_remaining[0] is FrameType.Data or FrameType.Repair && !_isAtEnd;

    /// <summary>Whether it is REPAIR; means something only there.</summary>
    public readonly bool IsAtRepair => (FrameType)_remaining[0] == FrameType.Repair;

    /// <summary>The next frame. False: at the end, when malformed, and after a DATA, REPAIR or PADDING frame, which end the packet.</summary>
    public bool TryRead(out RawFrame frame)
    {
        frame = default;
        if (_isAtEnd || IsMalformed || _remaining.IsEmpty)
        {
            return false;
        }

        if (_remaining.Length < RawFrame.HeaderSize)
        {
            IsMalformed = true;
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(_remaining[2..]);
        if (length > _remaining.Length - RawFrame.HeaderSize)
        {
            IsMalformed = true;
            return false;
        }

        frame = new RawFrame((FrameType)_remaining[0], _remaining[1], _remaining.Slice(RawFrame.HeaderSize, length));
        _isAtEnd = frame.Type is FrameType.Data or FrameType.Repair or FrameType.Padding;
        _remaining = _remaining[(RawFrame.HeaderSize + length)..];
        return true;
    }
}
