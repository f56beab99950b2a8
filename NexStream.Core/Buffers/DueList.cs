using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>A record's place in a <see cref="DueList{T, TLink}"/>; <see cref="At"/> is <see cref="Instant.Never"/> while it is in none.</summary>
internal struct DueLink
{
    public Instant At;
    public ListLink Place;

    public static DueLink None => new() { At = Instant.Never };

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
internal struct DueList<T, TLink>
    where T : struct
    where TLink : IDueLink<T>
{
    private SlabList<T, Place> _records;

    public static DueList<T, TLink> Empty => new() { _records = SlabList<T, Place>.Empty };

    /// <summary>The record that is due first, or -1.</summary>
    public readonly int Head => _records.Head;

    /// <summary>When the first is due.</summary>
    public readonly Instant DueAt(Slab<T> records) => Head >= 0 ? TLink.Of(ref records[Head]).At : Instant.Never;

    /// <summary>Adds a record that is in no list. None that is in it is due later.</summary>
    public void Add(Slab<T> records, int index, Instant at)
    {
        Invariant.Check(!TLink.Of(ref records[index]).IsListed, "A record is in the list once.");
        Invariant.Check(_records.IsEmpty || TLink.Of(ref records[_records.Tail]).At <= at, "What is added later is due later.");
        TLink.Of(ref records[index]).At = at;
        _records.Append(records, index);
    }

    /// <summary>Takes a record out, if it is in.</summary>
    public void Remove(Slab<T> records, int index)
    {
        ref DueLink link = ref TLink.Of(ref records[index]);
        if (link.IsListed)
        {
            _records.Remove(records, index);
            link = DueLink.None;
        }
    }

    private readonly struct Place : IListLink<T>
    {
        public static ref ListLink Of(ref T record) => ref TLink.Of(ref record).Place;
    }
}
