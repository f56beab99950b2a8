using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NexStream.Core.Buffers;

/// <summary>
/// The references that the application holds: of frames leased for writing, and of received slices. Each frame counts its own, so that a slice which
/// the application names wrongly or twice can never give back a reference that belongs to the core or to a link.
/// </summary>
internal sealed class Loans(FrameTable frames)
{
    private const string Outside = "do not lie inside a frame of a registered region";

    /// <summary>One of the frame's references goes to the application.</summary>
    public void Lend(uint frame) => frames.RecordOf(frame).Lent++;

    /// <summary>References go to the application, one for each slice.</summary>
    public void Lend(ReadOnlySpan<PayloadSlice> slices)
    {
        foreach (ref readonly PayloadSlice slice in slices)
        {
            Lend(slice.Frame);
        }
    }

    /// <summary>Takes the references of slices that the application wants to send, all or none, and returns their bytes in all.</summary>
    /// <exception cref="ArgumentException">A slice cannot be sent by this connection; the message says which and why.</exception>
    public long TakeForSending(ReadOnlySpan<PayloadSlice> slices, int owner)
    {
        long length = 0;
        for (int i = 0; i < slices.Length; i++)
        {
            PayloadSlice slice = slices[i];
            if (!TryTakeForSending(slice, owner))
            {
                Lend(slices[..i]);
                Refuse(i, slice, FaultForSending(slice));
            }

            length += slice.Length;
        }

        return length;
    }

    /// <summary>The application gives references back, all or none.</summary>
    /// <exception cref="ArgumentException">A slice is none that the application holds; the message says which and why.</exception>
    public void Return(ReadOnlySpan<PayloadSlice> slices)
    {
        for (int i = 0; i < slices.Length; i++)
        {
            PayloadSlice slice = slices[i];
            if (!TryTake(slice))
            {
                Lend(slices[..i]);
                Refuse(i, slice, FaultOf(slice)!);
            }
        }

        foreach (ref readonly PayloadSlice slice in slices)
        {
            frames.Release(slice.Frame);
        }
    }

    /// <summary>The memory of a slice, whoever holds it.</summary>
    /// <exception cref="ArgumentException">It is no memory of this endpoint.</exception>
    public Span<byte> Bytes(in PayloadSlice slice)
    {
        if (!frames.Contains(slice))
        {
            ThrowOutside(slice);
        }

        return frames.Bytes(slice);
    }

    [DoesNotReturn]
    private static void ThrowOutside(in PayloadSlice slice) => throw new ArgumentException($"{Name(slice)} {Outside}.", nameof(slice));

    [DoesNotReturn]
    private static void Refuse(int position, in PayloadSlice slice, string fault) => throw new ArgumentException(
        $"Slice {position} of the call, {Name(slice)}, {fault}; none of the slices was taken.");

    private static string Name(in PayloadSlice slice) => $"bytes {slice.Offset}+{slice.Length} of frame {slice.Index} of region {slice.Region}";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTakeForSending(in PayloadSlice slice, int owner)
    {
        FrameArena arena = frames.Arena;
        if (slice.Length == 0 || slice.Region != arena.Number || !arena.Contains(slice))
        {
            return false;
        }

        ref FrameRecord record = ref arena.Records[slice.Index];
        if (record.Lent == 0 || record.Owner != owner)
        {
            return false;
        }

        record.Lent--;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTake(in PayloadSlice slice)
    {
        if (!frames.TryFind(slice, out FrameRegion? region))
        {
            return false;
        }

        ref FrameRecord record = ref region.Records[slice.Index];
        if (record.Lent == 0)
        {
            return false;
        }

        record.Lent--;
        return true;
    }

    private string? FaultOf(in PayloadSlice slice) =>
        !frames.Contains(slice) ? Outside
        : frames.RecordOf(slice.Frame).Lent == 0 ? "are not the application's: they were sent or returned already, or never handed out"
        : null;

    private string FaultForSending(in PayloadSlice slice) =>
        slice.Length == 0 ? "are none: return it instead"
        : FaultOf(slice) ?? (slice.Region != frames.Arena.Number
            ? "lie in a peer's memory, and an endpoint sends only what lies in its own arena: copy them into a lease"
            : "belong to another connection, which is charged for them: lease from the one that sends");
}
