using System.Numerics;

namespace NexStream.Core.Buffers;

/// <summary>
/// A bounded hash table from 64-bit keys to indexes: open addressing with linear probing, deletion by shifting back, so that it never
/// degrades with use. It is only looked up, never enumerated: no result depends on its order. The multiplier comes from the host's key,
/// so that a peer cannot choose keys that collide.
/// </summary>
internal sealed class IndexTable
{
    private readonly ulong[] _keys;
    private readonly int[] _values;
    private readonly ulong _multiplier;
    private readonly int _shift;
    private readonly int _mask;

    public IndexTable(int capacity, ulong secret)
    {
        // At most half full: a probe sequence stays short whatever was inserted and removed before.
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 2) * 2);
        _keys = new ulong[size];
        _values = new int[size];
        Array.Fill(_values, -1);
        _multiplier = secret | 1;
        _shift = 64 - BitOperations.Log2((uint)size);
        _mask = size - 1;
    }

    public int Count { get; private set; }

    /// <summary>The value of a key, or -1.</summary>
    public int Find(ulong key)
    {
        for (int slot = Home(key); ; slot = (slot + 1) & _mask)
        {
            int value = _values[slot];
            if (value < 0 || _keys[slot] == key)
            {
                return value;
            }
        }
    }

    /// <summary>Adds a key that is not there yet. The caller keeps the number of keys within the capacity.</summary>
    public void Add(ulong key, int value)
    {
        int slot = Home(key);
        while (_values[slot] >= 0)
        {
            slot = (slot + 1) & _mask;
        }

        _keys[slot] = key;
        _values[slot] = value;
        Count++;
    }

    /// <summary>Removes a key if it is there.</summary>
    public bool Remove(ulong key)
    {
        int slot = Home(key);
        while (_keys[slot] != key || _values[slot] < 0)
        {
            if (_values[slot] < 0)
            {
                return false;
            }

            slot = (slot + 1) & _mask;
        }

        for (int next = (slot + 1) & _mask; _values[next] >= 0; next = (next + 1) & _mask)
        {
            // An entry may move into the hole only if the hole lies between its home and its place.
            if (((next - Home(_keys[next])) & _mask) >= ((next - slot) & _mask))
            {
                _keys[slot] = _keys[next];
                _values[slot] = _values[next];
                slot = next;
            }
        }

        _values[slot] = -1;
        Count--;
        return true;
    }

    private int Home(ulong key) => (int)(unchecked((key ^ (key >> 29)) * _multiplier) >> _shift);
}
