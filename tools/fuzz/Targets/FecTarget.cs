using System.Numerics;
using NexStream.Core.Fec;

namespace NexStream.Tools.Fuzz.Targets;

/// <summary>
/// Groups of messages of any shape through the erasure code: encoded, some lost, and decoded from whichever repairs are left. What honest repairs bring back is exact;
/// changed ones bring back anything. Nothing is written outside of what is to be filled, and nothing that is read is changed.
/// </summary>
internal sealed class FecTarget : IFuzzTarget
{
    private const int LengthMax = 288;
    private const int HeaderSize = 20;
    private const byte Guard = 0xA5;

    /// <summary>Longer than the widest vector that the kernels write with.</summary>
    private const int GuardSize = 80;

    private readonly byte[] _sources = new byte[ReedSolomon.SymbolsMax * LengthMax];
    private readonly byte[] _parities = new byte[ReedSolomon.SymbolsMax * (LengthMax + GuardSize)];
    private readonly byte[] _outputs = new byte[ReedSolomon.SymbolsMax * (LengthMax + GuardSize)];
    private readonly int[] _lengths = new int[ReedSolomon.SymbolsMax];
    private readonly int[] _whole = new int[ReedSolomon.SymbolsMax];
    private readonly uint[] _words = new uint[ReedSolomon.SymbolsMax];
    private readonly uint[] _found = new uint[ReedSolomon.SymbolsMax];
    private readonly uint[] _parityWords = new uint[ReedSolomon.SymbolsMax];

    public string Name => "fec";

    public string Description => "the erasure code: groups of any shape, lost and repeated symbols, honest and changed repairs";

    public long DefaultIterations => 100_000;

    public int InputMax => HeaderSize + 256;

    public int Generate(ref FuzzRandom random, Span<byte> input)
    {
        int length = HeaderSize + random.Below(64);
        random.Fill(input[..length]);

        // Sources and parities are few, mostly, and as many lost as can be brought back.
        if (!random.OneIn(16))
        {
            input[0] &= 15;
            input[1] &= 7;
        }

        if (!random.OneIn(8))
        {
            input[2] &= 31;
            input[3] = 0;
        }

        return length;
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        var decisions = new Decisions(input);
        int sources = 1 + (decisions.Byte() % ReedSolomon.SymbolsMax);
        int parities = 1 + (decisions.Byte() % ReedSolomon.SymbolsMax);
        int length = 1 + (decisions.Below(ushort.MaxValue) % LengthMax);
        byte changes = decisions.Byte();
        ulong lost = ((ulong)decisions.Word() << 32) | decisions.Word();
        ulong kept = ((ulong)decisions.Word() << 32) | decisions.Word();
        Fill(ref decisions, sources, length);
        Array.Fill(_parities, Guard, 0, parities * (length + GuardSize));
        Encode(sources, parities, length);

        // The bits that count: at least one message is missing, and at least as many repairs are there.
        ulong all = ulong.MaxValue >> (ReedSolomon.SymbolsMax - sources);
        ulong allParities = ulong.MaxValue >> (ReedSolomon.SymbolsMax - parities);
        ulong present = all & Limit(lost, parities, all);
        ulong presentParities = allParities & (kept | Lowest(sources - BitOperations.PopCount(present), allParities));
        bool isHonest = (changes & 1) == 0;
        if (!isHonest)
        {
            _parities[decisions.Below(parities) * (length + GuardSize)] ^= (byte)(decisions.Byte() | 1);
            _parityWords[decisions.Below(parities)] = decisions.Word();
        }

        Recover(sources, length, present, presentParities, isHonest);
    }

    /// <summary>Contents of messages, which may be shorter than the longest, and their lengths.</summary>
    private void Fill(ref Decisions decisions, int sources, int length)
    {
        int longest = decisions.Below(sources);
        for (int i = 0; i < sources; i++)
        {
            _lengths[i] = i == longest ? length : Math.Min(length, (int)decisions.Byte());
            _words[i] = (uint)_lengths[i];
            Span<byte> source = _sources.AsSpan(i * LengthMax, LengthMax);
            source[_lengths[i]..length].Clear();
            uint state = unchecked(((decisions.Word() + (uint)i) * 2654435761) | 1);
            for (int at = 0; at < _lengths[i]; at++)
            {
                // xorshift32, Marsaglia 2003.
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                source[at] = (byte)(state & 0xFF);
            }
        }
    }

    private void Encode(int sources, int parities, int length)
    {
        ReedSolomon.Encode(
            new Symbols(_sources, LengthMax, _lengths, sources), new SymbolBuffers(_parities, length + GuardSize, length, parities), length);
        CheckGuards(_parities, parities, length);
        for (int row = 0; row < parities; row++)
        {
            _parityWords[row] = ReedSolomon.EncodeWord(row, _words.AsSpan(0, sources));
        }
    }

    private void Recover(int sources, int length, ulong present, ulong presentParities, bool isHonest)
    {
        int missing = sources - BitOperations.PopCount(present);
        Array.Fill(_outputs, Guard, 0, missing * (length + GuardSize));
        Array.Fill(_whole, length);
        for (int i = 0; i < sources; i++)
        {
            _found[i] = (present >> i & 1) != 0 ? _words[i] : 0xDEADBEEF;
        }

        ReedSolomon.Recover(
            sources, present, presentParities, new Symbols(_sources, LengthMax, _lengths, sources),
            new Symbols(_parities, length + GuardSize, _whole, ReedSolomon.SymbolsMax), new SymbolBuffers(_outputs, length + GuardSize, length, missing), length,
            _found.AsSpan(0, sources), _parityWords);
        CheckGuards(_outputs, missing, length);
        if (!isHonest)
        {
            return;
        }

        int output = 0;
        for (int i = 0; i < sources; i++)
        {
            if (_found[i] != _words[i])
            {
                throw new FuzzFailureException($"The length of message {i} of {sources} is {_words[i]}, and {_found[i]} came back.");
            }

            if ((present >> i & 1) == 0 && !_outputs.AsSpan(output++ * (length + GuardSize), length).SequenceEqual(_sources.AsSpan(i * LengthMax, length)))
            {
                throw new FuzzFailureException($"Message {i} of {sources}, {length} bytes, came back as another.");
            }
        }
    }

    private static void CheckGuards(byte[] symbols, int count, int length)
    {
        for (int i = 0; i < count; i++)
        {
            if (symbols.AsSpan((i * (length + GuardSize)) + length, GuardSize).ContainsAnyExcept(Guard))
            {
                throw new FuzzFailureException($"Something was written behind the {length} bytes of symbol {i}.");
            }
        }
    }

    /// <summary>What is there, so that one to <paramref name="parities"/> sources of <paramref name="all"/> are missing.</summary>
    private static ulong Limit(ulong lost, int parities, ulong all)
    {
        lost &= all;
        if (lost == 0)
        {
            lost = 1;
        }

        while (BitOperations.PopCount(lost) > parities)
        {
            lost &= lost - 1;
        }

        return ~lost;
    }

    /// <summary>The lowest so many bits of <paramref name="of"/>, which are its lowest ones.</summary>
    private static ulong Lowest(int count, ulong of) => of & (ulong.MaxValue >> (ReedSolomon.SymbolsMax - count));

    private readonly struct Symbols(byte[] bytes, int stride, int[] lengths, int count) : ISymbols
    {
        public int Count => count;

        public ReadOnlySpan<byte> this[int index] => bytes.AsSpan(index * stride, lengths[index]);
    }

    private readonly struct SymbolBuffers(byte[] bytes, int stride, int length, int count) : ISymbolBuffers
    {
        public int Count => count;

        public Span<byte> this[int index] => bytes.AsSpan(index * stride, length);
    }
}
