using System.Diagnostics;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>
/// A fixed number of records addressed by index, with a stack of free ones. State lives in slabs rather than in objects that refer to
/// each other: dense, bounded, and nothing for the garbage collector to trace.
/// </summary>
internal sealed class Slab<T>
    where T : struct
{
    public const int None = -1;

    private readonly T[] _items;
    private readonly int[] _free;
    private readonly ulong[]? _inUse;
    private int _freeCount;

    public Slab(int capacity)
    {
        _items = new T[capacity];
        _free = new int[capacity];
        _freeCount = capacity;
        _inUse = Invariant.IsChecked ? new ulong[(capacity / 64) + 1] : null;

        // From the top, so that the first to be taken is the first.
        for (int i = 0; i < capacity; i++)
        {
            _free[i] = capacity - 1 - i;
        }
    }

    public int Capacity => _items.Length;

    public int Count => _items.Length - _freeCount;

    public int FreeCount => _freeCount;

    public ref T this[int index] => ref _items[index];

    /// <summary>Takes a free record, whose content is whatever its last user left. False: all are in use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAllocate(out int index)
    {
        int[] free = _free;
        int top = _freeCount - 1;
        if (unchecked((uint)top) >= (uint)free.Length)
        {
            index = None;
            return false;
        }

        index = free[top];
        _freeCount = top;
        Mark(index, isInUse: true);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Free(int index)
    {
        Mark(index, isInUse: false);
        _free[_freeCount++] = index;
    }

    /// <summary>A record is taken once and given back once.</summary>
    [Conditional("CHECK_INVARIANTS")]
    private void Mark(int index, bool isInUse)
    {
        ref ulong word = ref _inUse![index / 64];
        ulong bit = 1UL << (index % 64);
        Invariant.Check((word & bit) != 0 != isInUse, "A record is given back as often as it was taken.");
        word ^= bit;
    }
}
