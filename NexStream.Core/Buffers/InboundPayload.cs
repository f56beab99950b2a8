namespace NexStream.Core.Buffers;

/// <summary>
/// The application payload of a data packet that is being received: what of it lies in the packet's head, then slices of registered
/// memory. Nothing of it is kept unless <see cref="PayloadKeeper"/> takes it.
/// </summary>
internal readonly ref struct InboundPayload
{
    private readonly ReadOnlySpan<byte> _head;
    private readonly ReadOnlySpan<PayloadSlice> _slices;
    private readonly uint _headFrame;
    private readonly int _headOffset;

    public InboundPayload(ReadOnlySpan<byte> head, uint headFrame, int headOffset, ReadOnlySpan<PayloadSlice> slices)
    {
        _head = head;
        _headFrame = headFrame;
        _headOffset = headOffset;
        _slices = slices;
        Length = head.Length;
        foreach (ref readonly PayloadSlice slice in slices)
        {
            Length += slice.Length;
        }
    }

    public int Length { get; }

    /// <summary>
    /// The run that begins <paramref name="skip"/> bytes into the payload, as far as it is contiguous: its bytes, and where they lie if
    /// that is a registered frame (else <see cref="PayloadSlice.NoFrame"/>).
    /// </summary>
    public ReadOnlySpan<byte> RunAt(int skip, FrameTable frames, out PayloadSlice slice)
    {
        if (skip < _head.Length)
        {
            slice = new PayloadSlice(_headFrame, _headOffset + skip, _head.Length - skip);
            return _head[skip..];
        }

        skip -= _head.Length;
        foreach (ref readonly PayloadSlice candidate in _slices)
        {
            if (skip < candidate.Length)
            {
                slice = candidate with { Offset = candidate.Offset + skip, Length = candidate.Length - skip };
                return frames.Bytes(slice);
            }

            skip -= candidate.Length;
        }

        slice = new PayloadSlice(PayloadSlice.NoFrame, 0, 0);
        return default;
    }
}
