using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;

namespace NexStream.Core.Streams;

/// <summary>
/// The deadlines of a connection's messages: a pairing heap (Fredman et al., 1986) whose links lie in the messages themselves. Adding is
/// O(1), removing O(log n) amortised, and nothing is walked but what is removed.
/// </summary>
internal static class DeadlineHeap
{
    private const int None = Slab<OutboundMessage>.None;

    public static void Add(Slab<OutboundMessage> messages, ref int root, int index)
    {
        ref OutboundMessage message = ref messages[index];
        message.HeapChild = None;
        message.HeapSibling = None;
        message.HeapPrevious = None;
        Invariant.Check(!message.Has(MessageFlags.HasDeadline), "A message is in the heap once.");
        message.Flags |= MessageFlags.HasDeadline;
        root = Meld(messages, root, index);
    }

    public static void Remove(Slab<OutboundMessage> messages, ref int root, int index)
    {
        ref OutboundMessage message = ref messages[index];
        Invariant.Check(message.Has(MessageFlags.HasDeadline) && root >= 0, "Only what is in the heap is taken out.");
        message.Flags &= ~MessageFlags.HasDeadline;
        int children = MeldSiblings(messages, message.HeapChild);
        message.HeapChild = None;
        if (root == index)
        {
            root = children;
            return;
        }

        // HeapPrevious is the parent of a first child, else the sibling before.
        int previous = message.HeapPrevious;
        if (messages[previous].HeapChild == index)
        {
            messages[previous].HeapChild = message.HeapSibling;
        }
        else
        {
            messages[previous].HeapSibling = message.HeapSibling;
        }

        if (message.HeapSibling != None)
        {
            messages[message.HeapSibling].HeapPrevious = previous;
        }

        root = Meld(messages, root, children);
    }

    private static int Meld(Slab<OutboundMessage> messages, int a, int b)
    {
        if (a == None)
        {
            return b;
        }

        if (b == None)
        {
            return a;
        }

        if (messages[b].Deadline < messages[a].Deadline)
        {
            (a, b) = (b, a);
        }

        ref OutboundMessage parent = ref messages[a];
        ref OutboundMessage child = ref messages[b];
        child.HeapSibling = parent.HeapChild;
        if (parent.HeapChild != None)
        {
            messages[parent.HeapChild].HeapPrevious = b;
        }

        child.HeapPrevious = a;
        parent.HeapChild = b;
        parent.HeapPrevious = None;
        return a;
    }

    /// <summary>The two passes of a pairing heap: meld in pairs from the left, then all from the right. Without recursion.</summary>
    private static int MeldSiblings(Slab<OutboundMessage> messages, int first)
    {
        int pairs = None;
        while (first != None)
        {
            int a = first;
            int b = messages[a].HeapSibling;
            first = b == None ? None : messages[b].HeapSibling;
            Detach(messages, a);
            if (b != None)
            {
                Detach(messages, b);
            }

            int pair = Meld(messages, a, b);
            messages[pair].HeapSibling = pairs;
            pairs = pair;
        }

        int root = None;
        while (pairs != None)
        {
            int next = messages[pairs].HeapSibling;
            Detach(messages, pairs);
            root = Meld(messages, root, pairs);
            pairs = next;
        }

        return root;
    }

    private static void Detach(Slab<OutboundMessage> messages, int index)
    {
        messages[index].HeapSibling = None;
        messages[index].HeapPrevious = None;
    }
}
