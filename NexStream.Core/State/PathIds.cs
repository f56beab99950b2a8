using System.Numerics;
using System.Runtime.CompilerServices;

namespace NexStream.Core.State;

/// <summary>A set of path ids, and the rules for them: path 0 is there from the start, the client opens odd ones, the server even ones, none is used twice.</summary>
internal struct PathIds
{
    /// <summary>Not an id: what a stream that is bound to no path says.</summary>
    public const byte None = byte.MaxValue;

    private const int WordBits = 64;
    private const int WordCount = 256 / WordBits;

    private Words _words;

    public readonly bool IsEmpty => (_words[0] | _words[1] | _words[2] | _words[3]) == 0;

    /// <summary>The least; there is one.</summary>
    public readonly byte First
    {
        get
        {
            int word = 0;
            while (_words[word] == 0)
            {
                word++;
            }

            return (byte)((word * WordBits) + BitOperations.TrailingZeroCount(_words[word]));
        }
    }

    /// <summary>Whether this is an id of a further path that the client, or the server, may open.</summary>
    public static bool IsOpenedBy(byte id, bool isClient) => id is not (0 or None) && (id & 1) == (isClient ? 1 : 0);

    /// <summary>The id that a side uses behind another of its own; <see cref="None"/>: there is none.</summary>
    /// <param name="previous">The last one; 0: there was none.</param>
    /// <param name="isClient">Which side.</param>
    public static byte Next(byte previous, bool isClient)
    {
        int next = previous == 0 ? (isClient ? 1 : 2) : previous + 2;
        return next >= None ? None : (byte)next;
    }

    public readonly bool Contains(byte id) => (_words[id / WordBits] & (1UL << (id % WordBits))) != 0;

    public void Add(byte id) => _words[id / WordBits] |= 1UL << (id % WordBits);

    public void Remove(byte id) => _words[id / WordBits] &= ~(1UL << (id % WordBits));

    [InlineArray(WordCount)]
    private struct Words
    {
        private ulong _first;
    }
}
