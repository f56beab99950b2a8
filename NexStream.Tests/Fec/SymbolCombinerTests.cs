using CsCheck;
using NexStream.Core.Fec;

namespace NexStream.Tests.Fec;

[TestFixture]
public sealed class SymbolCombinerTests
{
    private static readonly int[] s_lengths = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 300, 1200];

    private static IEnumerable<string> Instructions => Enum.GetNames<SymbolInstructions>();

    [TestCaseSource(nameof(Instructions))]
    public void Combine_AnyInstructions_AsByDefinition(string name)
    {
        SymbolInstructions instructions = Enum.Parse<SymbolInstructions>(name);
        if (!SymbolCombiner.IsSupported(instructions))
        {
            Assert.Ignore($"This processor has no {instructions}.");
        }

        Gen.Select(Gen.Int[0, 9], Gen.Int[1, 9], Gen.Int[0, s_lengths.Length - 1].Select(i => s_lengths[i]), Gen.ULong).Sample(
            (inputs, outputs, length, seed) =>
            {
                var random = new Random((int)(seed & int.MaxValue));
                byte[][] sources = [.. Enumerable.Range(0, inputs).Select(_ => Bytes(random, random.Next(3) == 0 ? random.Next(length + 1) : length))];
                byte[][] combined = [.. Enumerable.Range(0, outputs).Select(_ => Bytes(random, length + Guard))];
                byte[] guards = [.. combined.SelectMany(symbol => symbol[length..])];
                int stride = inputs + random.Next(3);
                byte[] coefficients = Bytes(random, (outputs * stride) + 1);
                SymbolCombiner.Combine(instructions, coefficients, stride, new ByteSymbols(sources), new ByteSymbols(combined), length);
                return combined.SelectMany(symbol => symbol[length..]).SequenceEqual(guards)
                    && Enumerable.Range(0, outputs).All(row => combined[row].AsSpan(0, length).SequenceEqual(Expected(coefficients.AsSpan(row * stride, inputs), sources, length)));
            },
            iter: 2000,
            threads: 1);
    }

    [Test]
    public void Best_ThisMachine_IsSupported() => Assert.That(SymbolCombiner.IsSupported(SymbolCombiner.Best), Is.True);

    private const int Guard = 7;

    private static byte[] Expected(ReadOnlySpan<byte> coefficients, byte[][] sources, int length)
    {
        byte[] sum = new byte[length];
        for (int j = 0; j < sources.Length; j++)
        {
            for (int i = 0; i < sources[j].Length; i++)
            {
                sum[i] ^= GaloisField.Multiply(coefficients[j], sources[j][i]);
            }
        }

        return sum;
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
