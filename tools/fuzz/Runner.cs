using System.Diagnostics;

namespace NexStream.Tools.Fuzz;

/// <summary>Runs a target over generated inputs. Iteration n depends on the seed and n alone.</summary>
internal static class Runner
{
    private const int InputCapacity = 4096;

    /// <summary>Returns the process's exit code.</summary>
    public static int Run(IFuzzTarget target, ulong seed, long iterations, long first, string traces)
    {
        byte[] buffer = new byte[InputCapacity];
        var watch = Stopwatch.StartNew();
        for (long i = first; i < first + iterations; i++)
        {
            var random = new FuzzRandom(unchecked(seed + (0x9E3779B97F4A7C15 * (ulong)i)));
            int length = target.Generate(ref random, buffer);
            if (!TryRun(target, buffer.AsSpan(0, length), out Exception? failure))
            {
                Console.Error.WriteLine($"{target.Name}: seed {seed}, iteration {i} fails: {failure}");
                Console.Error.WriteLine($"input: {Convert.ToHexStringLower(buffer, 0, length)}");
                Console.Error.WriteLine($"again: {target.Name} --seed {seed} --first {i} --iterations 1, or {target.Name} --input HEX");
                WriteTraces(target, buffer.AsSpan(0, length), traces, $"{target.Name}-{seed}-{i}");
                return 1;
            }
        }

        Console.WriteLine($"{target.Name}: {iterations} iterations, seed {seed}, {watch.Elapsed.TotalSeconds:F1} s, no failure");
        return 0;
    }

    /// <summary>Runs one input, as a failure printed it.</summary>
    public static int Replay(IFuzzTarget target, ReadOnlySpan<byte> input, string traces)
    {
        if (TryRun(target, input, out Exception? failure))
        {
            Console.WriteLine($"{target.Name}: no failure");
            return 0;
        }

        Console.Error.WriteLine($"{target.Name}: {failure}");
        WriteTraces(target, input, traces, $"{target.Name}-input");
        return 1;
    }

    /// <summary>Runs a failing input once more, and writes what its endpoints did as traces.</summary>
    private static void WriteTraces(IFuzzTarget target, ReadOnlySpan<byte> input, string directory, string prefix)
    {
        Recording.Begin();
        _ = TryRun(target, input, out _);
        foreach (string file in Recording.End(directory, prefix))
        {
            Console.Error.WriteLine($"trace: {file}; see it with nexstream replay, shorten it with nexstream trace minimize");
        }
    }

    // Whatever is thrown is what is looked for.
#pragma warning disable CA1031
    private static bool TryRun(IFuzzTarget target, ReadOnlySpan<byte> input, out Exception? failure)
    {
        try
        {
            target.Run(input);
            failure = null;
            return true;
        }
        catch (Exception exception)
        {
            failure = exception;
            return false;
        }
    }
#pragma warning restore CA1031
}
