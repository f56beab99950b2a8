using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Modes;

/// <summary>
/// Puts the fragments of a Reliable-Unordered message together. What continues its beginning is never refused for how finely it was cut, else a message could stop for ever
/// in the middle: where it has too many runs for its bytes, further ones are copied behind each other. What lies behind a gap may be refused, and comes again.
/// </summary>
internal sealed class MessageAssembler(PayloadStore store, PayloadKeeper keeper, Reassembler reassembler)
{
    /// <summary>
    /// Takes in what a fragment brings that was not there. False: there is no memory for all of it, or it lies behind a gap and the message has too many runs; what was taken
    /// in until then stays.
    /// </summary>
    /// <param name="memory">The share of the connection that keeps it.</param>
    /// <param name="message">The message.</param>
    /// <param name="offset">Where in the message the fragment begins; it ends within it.</param>
    /// <param name="payload">The fragment.</param>
    public bool TryAdd(MemoryShare memory, ref InboundMessage message, int offset, in InboundPayload payload)
    {
        int next = message.Content.IsEmpty ? 0 : (int)store.Chunks[message.Content.Tail].End;
        if (offset <= next)
        {
            return TryContinue(memory, ref message, offset, next, payload);
        }

        bool isKept = reassembler.TryInsert(memory, ref message.Ahead, ref message.RunCount, message.Received, (uint)offset, payload, 0, out int inserted);
        message.Received += inserted;
        return isKept;
    }

    /// <summary>Takes in what continues the message from <paramref name="next"/> on, around what is there behind gaps.</summary>
    private bool TryContinue(MemoryShare memory, ref InboundMessage message, int offset, int next, in InboundPayload payload)
    {
        int end = offset + payload.Length;
        bool isComplete = true;
        while (isComplete && next < end)
        {
            bool hasAhead = !message.Ahead.IsEmpty;
            int limit = hasAhead ? (int)Math.Min((uint)end, store.Chunks[message.Ahead.Head].Position) : end;
            int taken = Append(memory, ref message, payload, next - offset, limit - next, next);
            message.Received += taken;
            isComplete = taken == limit - next;
            next += taken;
            if (hasAhead)
            {
                next = LinkAhead(ref message, next);
            }
        }

        return isComplete;
    }

    private int Append(MemoryShare memory, ref InboundMessage message, in InboundPayload payload, int skip, int length, int position)
    {
        if (!Reassembler.MayAdd(message.RunCount, message.Received))
        {
            return keeper.Append(memory, ref message.Content, payload, skip, length, (uint)position, RunPlacement.Together);
        }

        // Longer runs pay for their chunks with their bytes.
        message.RunCount += payload.CountRunsBelow(Reassembler.BytesPerRun, skip, length);
        return keeper.Append(memory, ref message.Content, payload, skip, length, (uint)position, RunPlacement.Shared);
    }

    /// <summary>What waited behind a gap that is filled continues the message now. Returns where it goes on.</summary>
    private int LinkAhead(ref InboundMessage message, int next)
    {
        while (reassembler.TryTake(ref message.Ahead, (uint)next, out Chunk chunk))
        {
            // The record that the run had just gave back is free.
            bool isLinked = store.TryLink(ref message.Content, chunk.Slice, (uint)next);
            Invariant.Check(isLinked && chunk.Position == (uint)next, "What fills a gap ends where the next run begins, which finds its place.");
            next += chunk.Slice.Length;
        }

        return next;
    }
}
