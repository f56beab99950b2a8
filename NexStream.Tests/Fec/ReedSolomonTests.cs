using System.Numerics;
using CsCheck;
using NexStream.Core.Fec;

namespace NexStream.Tests.Fec;

[TestFixture]
public sealed class ReedSolomonTests
{
    [Test]
    public void Rows_First_IsAllOnes() => Assert.That(CauchyMatrix.Rows[..ReedSolomon.SymbolsMax].ToArray(), Is.All.EqualTo(1));

    [Test]
    public void Recover_EveryPatternOfErasures_UpToEightSourcesAndFourParities([Range(1, 8)] int sources, [Range(1, 4)] int parities)
    {
        for (uint pattern = 0; pattern < 1u << (sources + parities); pattern++)
        {
            // A bit is a symbol that was lost; the sources come first.
            if (BitOperations.PopCount(pattern) <= parities && (pattern & ((1u << sources) - 1)) != 0)
            {
                var group = new Group(sources, parities, length: 37, seed: (int)pattern);
                group.AssertRecovers(~(ulong)pattern & ((1UL << sources) - 1), (~(ulong)pattern >> sources) & ((1UL << parities) - 1));
            }
        }
    }

    [Test]
    public void Recover_RandomPatterns_LargestGroups() => Gen.Select(Gen.Int[1, 64], Gen.Int[1, 64], Gen.Int[1, 400], Gen.Int).Sample(
        (sources, parities, length, seed) =>
        {
            var group = new Group(sources, parities, length, seed);
            var random = new Random(seed);
            ulong present = 0;
            ulong presentParities = 0;
            int there = 0;
            foreach (int symbol in Enumerable.Range(0, sources + parities).OrderBy(_ => random.Next()).Take(sources + random.Next(parities)))
            {
                present |= symbol < sources ? 1UL << symbol : 0;
                presentParities |= symbol >= sources ? 1UL << (symbol - sources) : 0;
                there++;
            }

            if (BitOperations.PopCount(present) < sources)
            {
                group.AssertRecovers(present, presentParities);
            }

            return there >= sources;
        },
        iter: 300,
        threads: 1);

    /// <summary>k + m = 255, beyond what a group has: the matrix is a Cauchy matrix all the way.</summary>
    [Test]
    public void Invert_AnySquarePart_UpTo255Symbols() => Gen.Select(Gen.Int[1, 60], Gen.Int).Sample(
        (size, seed) =>
        {
            var random = new Random(seed);
            int sources = random.Next(size, 256 - size);
            int[] columns = [.. Enumerable.Range(0, sources).OrderBy(_ => random.Next()).Take(size)];
            int[] rows = [.. Enumerable.Range(0, 255 - sources).OrderBy(_ => random.Next()).Take(size)];
            byte[] matrix = new byte[size * size];
            for (int i = 0; i < matrix.Length; i++)
            {
                matrix[i] = CauchyMatrix.At(rows[i / size], columns[i % size]);
            }

            byte[] inverse = [.. matrix];
            CauchyMatrix.Invert(inverse, size);
            for (int i = 0; i < matrix.Length; i++)
            {
                byte sum = 0;
                for (int j = 0; j < size; j++)
                {
                    sum ^= GaloisField.Multiply(matrix[(i / size * size) + j], inverse[(j * size) + (i % size)]);
                }

                Assert.That(sum, Is.EqualTo(i / size == i % size ? 1 : 0));
            }
        },
        iter: 300,
        threads: 1);

    /// <summary>Equal words in a row are multiplied together; the parity is that of each by itself.</summary>
    [Test]
    public void EncodeWord_WordsThatRepeat_IsTheSumOfAllProducts() => Gen.Select(Gen.Int[0, 63], Gen.OneOf(Gen.Const(1200u), Gen.Const(700u), Gen.UInt).Array[1, 64]).Sample(
        (row, words) =>
        {
            byte[] sum = new byte[sizeof(uint)];
            for (int i = 0; i < words.Length * sizeof(uint); i++)
            {
                sum[i % sizeof(uint)] ^= GaloisField.Multiply(CauchyMatrix.At(row, i / sizeof(uint)), (byte)((words[i / sizeof(uint)] >> (i % sizeof(uint) * 8)) & byte.MaxValue));
            }

            return ReedSolomon.EncodeWord(row, words) == BitConverter.ToUInt32(sum);
        },
        iter: 1000,
        threads: 1);

    [Test]
    public void EncodeAndRecover_SteadyState_AllocateNothing()
    {
        var group = new Group(20, 4, 1200, seed: 1);
        group.Recover(0xFFFF0, 0xF);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            group.Encode();
            group.Recover(0xFFFF0, 0xF);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    /// <summary>Messages of unequal length, one of them the longest, and their repairs.</summary>
    private sealed class Group
    {
        private readonly byte[][] _sources;
        private readonly byte[][] _parities;
        private readonly byte[][] _outputs;
        private readonly uint[] _words;
        private readonly uint[] _parityWords;
        private readonly int _length;

        public Group(int sources, int parities, int length, int seed)
        {
            var random = new Random(seed);
            _length = length;
            _sources = [.. Enumerable.Range(0, sources).Select(i => new byte[i == (seed & int.MaxValue) % sources ? length : random.Next(1, length + 1)])];
            Array.ForEach(_sources, random.NextBytes);
            _parities = [.. Enumerable.Range(0, parities).Select(_ => new byte[length])];
            _outputs = [.. Enumerable.Range(0, parities).Select(_ => new byte[length])];
            _words = [.. _sources.Select(source => (uint)source.Length)];
            Encode();
            _parityWords = [.. Enumerable.Range(0, parities).Select(row => ReedSolomon.EncodeWord(row, _words))];
        }

        public void Encode() => ReedSolomon.Encode(new ByteSymbols(_sources), new ByteSymbols(_parities), _length);

        public void Recover(ulong present, ulong presentParities) => ReedSolomon.Recover(
            _sources.Length, present, presentParities, new ByteSymbols(_sources), new ByteSymbols(_parities), new ByteSymbols(_outputs), _length,
            _words, _parityWords);

        public void AssertRecovers(ulong present, ulong presentParities)
        {
            byte[][] all = [.. _sources];
            uint[] lengths = [.. _words];
            int[] missing = [.. Enumerable.Range(0, _sources.Length).Where(i => (present & (1UL << i)) == 0)];
            byte[][] outputs = [.. missing.Select(_ => new byte[_length])];
            foreach (int place in missing)
            {
                _sources[place] = [];
                _words[place] = 0xDEADBEEF;
            }

            foreach (int row in Enumerable.Range(0, _parities.Length).Where(row => (presentParities & (1UL << row)) == 0))
            {
                _parities[row] = [];
                _parityWords[row] = 0xDEADBEEF;
            }

            ReedSolomon.Recover(
                _sources.Length, present, presentParities, new ByteSymbols(_sources), new ByteSymbols(_parities), new ByteSymbols(outputs), _length,
                _words, _parityWords);
            Assert.That(_words, Is.EqualTo(lengths));
            for (int i = 0; i < missing.Length; i++)
            {
                byte[] padded = new byte[_length];
                all[missing[i]].CopyTo(padded, 0);
                Assert.That(outputs[i], Is.EqualTo(padded));
            }
        }
    }
}
