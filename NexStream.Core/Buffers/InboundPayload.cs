using System.Runtime.CompilerServices;

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

    /// <summary>The payload of a packet whose slices were checked to lie in registered memory.</summary>
    /// <param name="head">What of it lies in the packet's head.</param>
    /// <param name="headFrame">The arena frame that the head lies in, or <see cref="PayloadSlice.NoFrame"/>.</param>
    /// <param name="headOffset">Where in that frame <paramref name="head"/> begins.</param>
    /// <param name="slices">The rest.</param>
    /// <param name="length">Bytes in all.</param>
    public InboundPayload(ReadOnlySpan<byte> head, uint headFrame, int headOffset, ReadOnlySpan<PayloadSlice> slices, int length)
    {
        _head = head;
        _headFrame = headFrame;
        _headOffset = headOffset;
        _slices = slices;
        Length = length;
    }

    public int Length { get; }

    /// <summary>
    /// Where the run lies that begins <paramref name="skip"/> bytes into the payload, as far as it is contiguous; its frame is
    /// <see cref="PayloadSlice.NoFrame"/> where it lies in memory that nobody registered.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PayloadSlice SliceAt(int skip)
    {
        if (skip < _head.Length)
        {
            return new PayloadSlice(_headFrame, _headOffset + skip, _head.Length - skip);
        }

        skip -= _head.Length;
        foreach (ref readonly PayloadSlice candidate in _slices)
        {
            if (skip < candidate.Length)
            {
                return candidate.SkipFirst(skip);
            }

            skip -= candidate.Length;
        }

        return new PayloadSlice(PayloadSlice.NoFrame, 0, 0);
    }

    /// <summary>How many of the runs that a part of it lies in are shorter than <paramref name="runLength"/>, within the part.</summary>
    /// <param name="runLength">Bytes.</param>
    /// <param name="skip">Bytes before the part.</param>
    /// <param name="length">Bytes of the part.</param>
    public int CountRunsBelow(int runLength, int skip, int length)
    {
        int count = 0;
        for (int end = skip + length; skip < end;)
        {
            int run = Math.Min(SliceAt(skip).Length, end - skip);
            count += run < runLength ? 1 : 0;
            skip += run;
        }

        return count;
    }

    /// <summary>The bytes of a run that <see cref="SliceAt"/> named for the same <paramref name="skip"/>.</summary>
    public ReadOnlySpan<byte> BytesOf(in PayloadSlice slice, int skip, FrameTable frames) =>
        skip < _head.Length ? _head.Slice(skip, slice.Length) : frames.Bytes(slice);
}
