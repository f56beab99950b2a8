using System.Runtime.CompilerServices;

namespace NexStream.Core.State;

/// <summary>
/// The paths of a connection, the one that it was opened on in front. Few, so that who looks for one walks them; a connection with one path, which is the common
/// one, is told by <see cref="Count"/> and never walked.
/// </summary>
internal struct PathSet
{
    /// <summary>Paths that a connection can have: the places of a byte of bits, and more than a host has ways out.</summary>
    public const int CountMax = Multipath.PathView.SlotCount;

    private Places _places;
    private byte _slots;

    public int Count { get; private set; }

    public readonly Path this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _places[index]!;
    }

    /// <summary>Adds a path and gives it a <see cref="Path.Slot"/>. There is room, that was asked.</summary>
    public void Add(Path path)
    {
        path.Slot = System.Numerics.BitOperations.TrailingZeroCount(~(uint)_slots);
        _slots |= path.SlotBit;
        _places[Count++] = path;
    }

    public void Remove(Path path)
    {
        int index = 0;
        while (_places[index] != path)
        {
            index++;
        }

        _slots &= (byte)(byte.MaxValue ^ path.SlotBit);
        Count--;
        for (; index < Count; index++)
        {
            _places[index] = _places[index + 1];
        }

        _places[Count] = null;
    }

    /// <summary>The path with this id; null: there is none.</summary>
    public readonly Path? Find(byte id)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_places[i]!.Id == id)
            {
                return _places[i];
            }
        }

        return null;
    }

    [InlineArray(CountMax)]
    private struct Places
    {
        private Path? _first;
    }
}
