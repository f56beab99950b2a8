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
    private int _freeCount;
    private int _unused;

    public Slab(int capacity)
    {
        _items = new T[capacity];
        _free = new int[capacity];
    }

    public int Capacity => _items.Length;

    public int Count => _unused - _freeCount;

    public int FreeCount => _items.Length - Count;

    public ref T this[int index] => ref _items[index];

    /// <summary>Takes a free record, whose content is whatever its last user left. False: all are in use.</summary>
    public bool TryAllocate(out int index)
    {
        if (_freeCount > 0)
        {
            index = _free[--_freeCount];
            return true;
        }

        if (_unused < _items.Length)
        {
            index = _unused++;
            return true;
        }

        index = None;
        return false;
    }

    public void Free(int index) => _free[_freeCount++] = index;
}
