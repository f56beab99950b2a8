using System.Diagnostics;
using NexStream.Core.Fec;
using NexStream.Perf.Probes;

namespace NexStream.Perf;

/// <summary>How fast repairs are made.</summary>
public sealed record CodingResult
{
    /// <summary>Which instructions did it.</summary>
    public required string Instructions { get; init; }

    /// <summary>Messages of a group.</summary>
    public required int Sources { get; init; }

    /// <summary>Repairs of a group.</summary>
    public required int Repairs { get; init; }

    /// <summary>Bytes of each.</summary>
    public required int FrameBytes { get; init; }

    /// <summary>Bytes of messages coded, in 10^9 bits a second, the median of slices.</summary>
    public required double GoodputGbps { get; init; }

    /// <summary>For each message, in nanoseconds.</summary>
    public required double NsPerDataFrame { get; init; }

    /// <summary>A copy of the same blocks, in 10^9 bytes a second.</summary>
    public required double MemcpyGbytesS { get; init; }

    /// <summary>Bytes of messages coded in the time in which one is copied.</summary>
    public required double RatioToLimit { get; init; }
}

/// <summary>Makes repairs of the same messages again and again, and nothing else.</summary>
public static class CodingRun
{
    private const double SliceMs = 5;
    private const int BitsPerByte = 8;

    /// <summary>Measures <see cref="PerfOptions.FecGroup"/> messages and <see cref="PerfOptions.FecRepairs"/> repairs of <see cref="PerfOptions.FrameBytes"/>.</summary>
    public static CodingResult Run(PerfOptions options)
    {
        var sources = new Blocks(options.FecGroup, options.FrameBytes);
        var repairs = new Blocks(options.FecRepairs, options.FrameBytes);
        var rates = new List<double>();
        long groupBytes = (long)options.FecGroup * options.FrameBytes;
        Slice(sources, repairs, options.FrameBytes, Math.Min(1000, options.Seconds * 1000));
        for (double left = options.Seconds * 1000; left > 0; left -= SliceMs)
        {
            rates.Add(groupBytes * Slice(sources, repairs, options.FrameBytes, SliceMs));
        }

        rates.Sort();
        double bytesPerNs = rates[rates.Count / 2];
        double copied = MemoryCopyProbe.GigabytesPerSecond(options.FrameBytes, (int)groupBytes);
        return new CodingResult
        {
            Instructions = SymbolCombiner.Best.ToString(),
            Sources = options.FecGroup,
            Repairs = options.FecRepairs,
            FrameBytes = options.FrameBytes,
            GoodputGbps = bytesPerNs * BitsPerByte,
            NsPerDataFrame = options.FrameBytes / bytesPerNs,
            MemcpyGbytesS = copied,
            RatioToLimit = bytesPerNs / copied,
        };
    }

    /// <summary>Groups coded in a nanosecond.</summary>
    private static double Slice(Blocks sources, Blocks repairs, int length, double milliseconds)
    {
        const int AtOnce = 16;
        long begin = Stopwatch.GetTimestamp();
        long groups = 0;
        TimeSpan elapsed;
        do
        {
            for (int i = 0; i < AtOnce; i++)
            {
                ReedSolomon.Encode(sources, repairs, length);
            }

            groups += AtOnce;
            elapsed = Stopwatch.GetElapsedTime(begin);
        }
        while (elapsed.TotalMilliseconds < milliseconds);
        return groups / elapsed.TotalNanoseconds;
    }

    private readonly struct Blocks : ISymbols, ISymbolBuffers
    {
        private readonly byte[][] _blocks;

        public Blocks(int count, int length)
        {
            _blocks = [.. Enumerable.Range(0, count).Select(_ => GC.AllocateArray<byte>(length, pinned: true))];
            for (int i = 0; i < count; i++)
            {
                Pattern.Write(_blocks[i], (ulong)(i * length));
            }
        }

        public int Count => _blocks.Length;

        ReadOnlySpan<byte> ISymbols.this[int index] => _blocks[index];

        Span<byte> ISymbolBuffers.this[int index] => _blocks[index];
    }
}
