using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace NexStream.Tools.Fuzz.Coverage;

/// <summary>
/// Which branches code that SharpFuzz instrumented has taken, as AFL counts them (its technical whitepaper, "Coverage measurements"): a byte for each edge between two
/// blocks, at a place that a hash of both gives.
/// </summary>
internal sealed unsafe class EdgeMap : IDisposable
{
    /// <summary>AFL's MAP_SIZE, which is in the instrumented code.</summary>
    public const int Size = 1 << 16;

    private readonly byte* _map = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    /// <summary>From now on the code of this process reports here.</summary>
    public EdgeMap() => Trace.SharedMem = _map;

    /// <summary>Edges that were ever taken.</summary>
    public int Edges { get; private set; }

    /// <summary>An input begins.</summary>
    public void Begin()
    {
        new Span<byte>(_map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>An input has ended. True: it took an edge that none before it took, or took one about twice as often as any before it.</summary>
    public bool End()
    {
        bool isNew = false;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(new ReadOnlySpan<byte>(_map, Size));
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] != 0)
            {
                isNew |= Look(i * sizeof(ulong));
            }
        }

        return isNew;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Trace.SharedMem = null;
        NativeMemory.Free(_map);
    }

    private bool Look(int first)
    {
        bool isNew = false;
        for (int i = first; i < first + sizeof(ulong); i++)
        {
            // The highest bit of the count, as a bit: 1, 2, 4, … times.
            byte seen = _seen[i];
            byte now = _map[i] == 0 ? (byte)0 : (byte)(1 << BitOperations.Log2(_map[i]));
            if ((now & ~seen) != 0)
            {
                Edges += seen == 0 ? 1 : 0;
                _seen[i] |= now;
                isNew = true;
            }
        }

        return isNew;
    }
}
