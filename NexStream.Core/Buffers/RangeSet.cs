using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>A run of consecutive numbers in a <see cref="RangeSet"/>.</summary>
internal struct RangeNode
{
    public ulong First;
    public ulong Last;
    public int Next;
}

/// <summary>
/// A set of numbers as a sorted list of runs, whose nodes come from a shared slab. How many runs a set may have is the caller's bound:
/// what a peer can make it cost is that many steps.
/// </summary>
internal struct RangeSet
{
    public int Head;
    public int Count;

    public static RangeSet Empty => new() { Head = Slab<RangeNode>.None };

    /// <summary>Adds a number. False: it would need a run more than <paramref name="runsMax"/> or the slab allow; nothing changed.</summary>
    public bool TryAdd(Slab<RangeNode> nodes, ulong number, int runsMax)
    {
        int previous = Slab<RangeNode>.None;
        int next = Head;
        while (next >= 0 && nodes[next].First <= number)
        {
            previous = next;
            next = nodes[next].Next;
        }

        bool joinsPrevious = previous >= 0 && nodes[previous].Last + 1 >= number;
        if (joinsPrevious && nodes[previous].Last >= number)
        {
            return true;
        }

        bool joinsNext = next >= 0 && nodes[next].First == number + 1;
        if (joinsPrevious)
        {
            nodes[previous].Last = number;
            if (joinsNext)
            {
                nodes[previous].Last = nodes[next].Last;
                nodes[previous].Next = nodes[next].Next;
                nodes.Free(next);
                Count--;
            }

            return true;
        }

        if (joinsNext)
        {
            nodes[next].First = number;
            return true;
        }

        return TryInsert(nodes, previous, number, number, runsMax);
    }

    /// <summary>Adds a run, whatever of it is there already.</summary>
    /// <param name="nodes">The slab.</param>
    /// <param name="first">Its first number.</param>
    /// <param name="last">Its last.</param>
    /// <param name="added">How many numbers were not there.</param>
    /// <returns>False: it would need a node that is not to be had; nothing changed.</returns>
    public bool TryAddRun(Slab<RangeNode> nodes, ulong first, ulong last, out ulong added)
    {
        added = last - first + 1;
        int previous = Slab<RangeNode>.None;
        int index = Head;
        while (index >= 0 && nodes[index].Last + 1 < first)
        {
            previous = index;
            index = nodes[index].Next;
        }

        if (index < 0 || nodes[index].First > last + 1)
        {
            return TryInsert(nodes, previous, first, last, int.MaxValue);
        }

        ref RangeNode node = ref nodes[index];
        added -= Common(node, first, last);
        node.First = Math.Min(node.First, first);
        node.Last = Math.Max(node.Last, last);
        while (node.Next >= 0 && nodes[node.Next].First <= last + 1)
        {
            int swallowed = node.Next;
            added -= Common(nodes[swallowed], first, last);
            node.Last = Math.Max(node.Last, nodes[swallowed].Last);
            node.Next = nodes[swallowed].Next;
            nodes.Free(swallowed);
            Count--;
        }

        return true;
    }

    /// <summary>Adds a run that lies behind all others and touches none.</summary>
    public bool TryAppend(Slab<RangeNode> nodes, ulong first, ulong last, int runsMax)
    {
        int previous = Slab<RangeNode>.None;
        for (int i = Head; i >= 0; i = nodes[i].Next)
        {
            previous = i;
        }

        return TryInsert(nodes, previous, first, last, runsMax);
    }

    /// <summary>Whether the number is in the set.</summary>
    public readonly bool Contains(Slab<RangeNode> nodes, ulong number)
    {
        for (int i = Head; i >= 0 && nodes[i].First <= number; i = nodes[i].Next)
        {
            if (number <= nodes[i].Last)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a number out. False: it was not there, or splitting its run needs a node that is not to be had; nothing changed.</summary>
    public bool TryRemove(Slab<RangeNode> nodes, ulong number, int runsMax)
    {
        int previous = Slab<RangeNode>.None;
        int index = Head;
        while (index >= 0 && nodes[index].Last < number)
        {
            previous = index;
            index = nodes[index].Next;
        }

        if (index < 0 || nodes[index].First > number)
        {
            return false;
        }

        ref RangeNode node = ref nodes[index];
        if (node.First == node.Last)
        {
            Relink(nodes, previous, node.Next);
            nodes.Free(index);
            Count--;
        }
        else if (node.First == number)
        {
            node.First++;
        }
        else if (node.Last == number)
        {
            node.Last--;
        }
        else
        {
            ulong last = node.Last;
            if (!TryInsert(nodes, index, number + 1, last, runsMax))
            {
                return false;
            }

            nodes[index].Last = number - 1;
        }

        return true;
    }

    /// <summary>If the set begins at <paramref name="floor"/>, removes its first run and returns the number behind it; else <paramref name="floor"/>.</summary>
    public ulong TakeFrom(Slab<RangeNode> nodes, ulong floor)
    {
        if (Head < 0 || nodes[Head].First != floor)
        {
            return floor;
        }

        int index = Head;
        ulong next = nodes[index].Last + 1;
        Head = nodes[index].Next;
        nodes.Free(index);
        Count--;
        return next;
    }

    /// <summary>Empties the set.</summary>
    public void Clear(Slab<RangeNode> nodes)
    {
        while (Head >= 0)
        {
            int index = Head;
            Head = nodes[index].Next;
            nodes.Free(index);
        }

        Count = 0;
    }

    private static ulong Common(in RangeNode node, ulong first, ulong last)
    {
        ulong from = Math.Max(node.First, first);
        ulong to = Math.Min(node.Last, last);
        return from <= to ? to - from + 1 : 0;
    }

    private bool TryInsert(Slab<RangeNode> nodes, int previous, ulong first, ulong last, int runsMax)
    {
        if (Count >= runsMax || !nodes.TryAllocate(out int index))
        {
            return false;
        }

        Invariant.Check(first <= last, "A run has a number.");
        Invariant.Check(previous < 0 || nodes[previous].First < first, "Runs are sorted.");
        nodes[index] = new RangeNode { First = first, Last = last, Next = previous >= 0 ? nodes[previous].Next : Head };
        Relink(nodes, previous, index);
        Count++;
        return true;
    }

    private void Relink(Slab<RangeNode> nodes, int previous, int next)
    {
        if (previous >= 0)
        {
            nodes[previous].Next = next;
        }
        else
        {
            Head = next;
        }
    }
}
