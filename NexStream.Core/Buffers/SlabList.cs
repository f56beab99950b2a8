using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>A record's place in a <see cref="SlabList{T, TLink}"/>: the records before and behind it, -1 where there is none.</summary>
internal struct ListLink
{
    public int Previous;
    public int Next;
}

/// <summary>Where a record has its link: it may stand in several lists, with a link for each.</summary>
internal interface IListLink<T>
    where T : struct
{
    static abstract ref ListLink Of(ref T record);
}

/// <summary>
/// Records of a slab in an order, linked both ways through the records themselves: nothing is allocated, and adding and removing are O(1) wherever a record stands.
/// A record's link means something only while it is in the list.
/// </summary>
internal struct SlabList<T, TLink>
    where T : struct
    where TLink : IListLink<T>
{
    private const int None = Slab<T>.None;

    /// <summary>The first record, or -1.</summary>
    public int Head;

    /// <summary>The last record, or -1.</summary>
    public int Tail;

    public static SlabList<T, TLink> Empty => new() { Head = None, Tail = None };

    public readonly bool IsEmpty => Head < 0;

    /// <summary>Adds a record behind all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(Slab<T> records, int index) => Append(records, index, ref TLink.Of(ref records[index]));

    /// <summary>The same, where the record's link is at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(Slab<T> records, int index, ref ListLink link)
    {
        link.Previous = Tail;
        link.Next = None;
        SetNext(records, Tail, index);
        Tail = index;
    }

    /// <summary>Adds a record before all others.</summary>
    public void Prepend(Slab<T> records, int index)
    {
        ref ListLink link = ref TLink.Of(ref records[index]);
        link.Previous = None;
        link.Next = Head;
        SetPrevious(records, Head, index);
        Head = index;
    }

    /// <summary>Adds a record right before another of the list.</summary>
    public void InsertBefore(Slab<T> records, int next, int index)
    {
        int previous = TLink.Of(ref records[next]).Previous;
        TLink.Of(ref records[index]) = new ListLink { Previous = previous, Next = next };
        SetNext(records, previous, index);
        SetPrevious(records, next, index);
    }

    /// <summary>Adds a record right behind another of the list.</summary>
    public void InsertBehind(Slab<T> records, int previous, int index)
    {
        int next = TLink.Of(ref records[previous]).Next;
        TLink.Of(ref records[index]) = new ListLink { Previous = previous, Next = next };
        SetNext(records, previous, index);
        SetPrevious(records, next, index);
    }

    /// <summary>Takes a record out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(Slab<T> records, int index) => Remove(records, TLink.Of(ref records[index]));

    /// <summary>The same, where the record's link is at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(Slab<T> records, in ListLink link) => RemoveBetween(records, link.Previous, link.Next);

    /// <summary>Takes out all records between two, -1 where there is none; what those that go say of themselves is not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RemoveBetween(Slab<T> records, int previous, int next)
    {
        SetNext(records, previous, next);
        SetPrevious(records, next, previous);
    }

    /// <summary>Counts the records, and checks that each knows the one before it and that the tail is the last.</summary>
    public readonly int Audit(Slab<T> records)
    {
        int count = 0;
        int last = None;
        for (int i = Head; i >= 0; i = TLink.Of(ref records[i]).Next)
        {
            Invariant.Demand(TLink.Of(ref records[i]).Previous == last, "The records of a list are linked both ways.");
            last = i;
            count++;
        }

        Invariant.Demand(last == Tail, "A list's tail is the last of what its head leads to.");
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetNext(Slab<T> records, int previous, int next)
    {
        if (previous >= 0)
        {
            TLink.Of(ref records[previous]).Next = next;
        }
        else
        {
            Head = next;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetPrevious(Slab<T> records, int next, int previous)
    {
        if (next >= 0)
        {
            TLink.Of(ref records[next]).Previous = previous;
        }
        else
        {
            Tail = previous;
        }
    }
}
