using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>
/// A bounded hash table from 64-bit keys to indexes: open addressing with linear probing, deletion by shifting back, so that it never
/// degrades with use. It is only looked up, never enumerated: no result depends on its order. The multiplier comes from the host's key,
/// so that a peer cannot choose keys that collide.
/// </summary>
internal sealed class IndexTable
{
    private readonly Entry[] _entries;
    private readonly ulong _multiplier;
    private readonly int _shift;
    private readonly int _mask;

    public IndexTable(int capacity, ulong secret)
    {
        // At most half full: a probe sequence stays short whatever was inserted and removed before.
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 2) * 2);
        _entries = new Entry[size];
        Array.Fill(_entries, new Entry { Value = -1 });
        _multiplier = secret | 1;
        _shift = 64 - BitOperations.Log2((uint)size);
        _mask = size - 1;
    }

    public int Count { get; private set; }

    /// <summary>The value of a key, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ulong key)
    {
        Entry[] entries = _entries;
        for (int slot = Home(key); ; slot = (slot + 1) & _mask)
        {
            ref Entry entry = ref entries[slot];
            if (entry.Key == key || entry.Value < 0)
            {
                return entry.Value;
            }
        }
    }

    /// <summary>Adds a key that is not there yet. The caller keeps the number of keys within the capacity.</summary>
    public void Add(ulong key, int value)
    {
        int slot = Home(key);
        while (_entries[slot].Value >= 0)
        {
            slot = (slot + 1) & _mask;
        }

        Invariant.Check(Count < _entries.Length / 2, "The table is at most half full.");
        _entries[slot] = new Entry { Key = key, Value = value };
        Count++;
    }

    /// <summary>Removes a key if it is there.</summary>
    public bool Remove(ulong key)
    {
        int slot = Home(key);
        while (_entries[slot].Key != key || _entries[slot].Value < 0)
        {
            if (_entries[slot].Value < 0)
            {
                return false;
            }

            slot = (slot + 1) & _mask;
        }

        for (int next = (slot + 1) & _mask; _entries[next].Value >= 0; next = (next + 1) & _mask)
        {
            // An entry may move into the hole only if the hole lies between its home and its place.
            if (((next - Home(_entries[next].Key)) & _mask) >= ((next - slot) & _mask))
            {
                _entries[slot] = _entries[next];
                slot = next;
            }
        }

        _entries[slot].Value = -1;
        Count--;
        return true;
    }

    private int Home(ulong key) => (int)(unchecked((key ^ (key >> 29)) * _multiplier) >> _shift);

    /// <summary>Key and value side by side, so that a look-up touches one cache line; packed, because every idle stream has two of these.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = sizeof(int))]
    private struct Entry
    {
        public ulong Key;

        /// <summary>-1: the entry is empty, whatever its key says.</summary>
        public int Value;
    }
}
