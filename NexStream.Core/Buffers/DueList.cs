using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>A record's place in a <see cref="DueList"/>; <see cref="At"/> is <see cref="Instant.Never"/> while it is in none.</summary>
internal struct DueLink
{
    public Instant At;
    public int Next;
    public int Previous;

    public static DueLink None => new() { At = Instant.Never, Next = -1, Previous = -1 };

    public readonly bool IsListed => At != Instant.Never;
}

/// <summary>Where a record has its link: it may stand in several lists, with a link for each.</summary>
internal interface IDueLink<T>
    where T : struct
{
    static abstract ref DueLink Of(ref T record);
}

/// <summary>
/// Records of a slab that become due after the same time each, so that the order in which they were added is the order in which they are due: adding,
/// removing and looking at the next are O(1).
/// </summary>
internal struct DueList
{
    private const int None = -1;

    /// <summary>The record that is due first, or -1.</summary>
    public int Head;
    private int _tail;

    public static DueList Empty => new() { Head = None, _tail = None };

    /// <summary>When the first is due.</summary>
    public readonly Instant DueAt<T, TLink>(Slab<T> records)
        where T : struct
        where TLink : IDueLink<T> => Head >= 0 ? TLink.Of(ref records[Head]).At : Instant.Never;

    /// <summary>Adds a record that is in no list. None that is in it is due later.</summary>
    public void Add<T, TLink>(Slab<T> records, int index, Instant at)
        where T : struct
        where TLink : IDueLink<T>
    {
        Invariant.Check(!TLink.Of(ref records[index]).IsListed, "A record is in the list once.");
        Invariant.Check(_tail < 0 || TLink.Of(ref records[_tail]).At <= at, "What is added later is due later.");
        TLink.Of(ref records[index]) = new DueLink { At = at, Next = None, Previous = _tail };
        if (_tail >= 0)
        {
            TLink.Of(ref records[_tail]).Next = index;
        }
        else
        {
            Head = index;
        }

        _tail = index;
    }

    /// <summary>Takes a record out, if it is in.</summary>
    public void Remove<T, TLink>(Slab<T> records, int index)
        where T : struct
        where TLink : IDueLink<T>
    {
        ref DueLink link = ref TLink.Of(ref records[index]);
        if (!link.IsListed)
        {
            return;
        }

        if (link.Previous >= 0)
        {
            TLink.Of(ref records[link.Previous]).Next = link.Next;
        }
        else
        {
            Head = link.Next;
        }

        if (link.Next >= 0)
        {
            TLink.Of(ref records[link.Next]).Previous = link.Previous;
        }
        else
        {
            _tail = link.Previous;
        }

        link = DueLink.None;
    }
}
