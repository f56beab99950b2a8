using NexStream.Core.Primitives;

namespace NexStream.Core.Buffers;

/// <summary>A first-in-first-out queue of indexes, each in it at most once: so it is full never, and nothing in it can be lost.</summary>
internal sealed class IndexRing(int capacity)
{
    private readonly int[] _items = new int[capacity];
    private int _head;

    public int Count { get; private set; }

    public void Enqueue(int index)
    {
        Invariant.Check(Count < _items.Length, "Each index is in the queue at most once.");
        int tail = _head + Count;
        _items[tail >= _items.Length ? tail - _items.Length : tail] = index;
        Count++;
    }

    public int Peek() => _items[_head];

    public int Dequeue()
    {
        Invariant.Check(Count > 0, "Only what was put in is taken out.");
        int index = _items[_head];
        _head = _head + 1 == _items.Length ? 0 : _head + 1;
        Count--;
        return index;
    }
}
