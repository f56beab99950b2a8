using System.Diagnostics;

namespace NexStream.Perf.Probes;

/// <summary>What a copy of memory costs here and now: the limit that a transport which copies is measured by.</summary>
public static class MemoryCopyProbe
{
    private const int Rounds = 30;
    private const double RoundMs = 5;

    /// <summary>Copies a block of <paramref name="blockBytes"/> to each place of a working set in turn: 10^9 bytes a second, the median of thirty rounds.</summary>
    public static double GigabytesPerSecond(int blockBytes, int workingSetBytes)
    {
        int blocks = Math.Max(workingSetBytes / blockBytes, 1);
        var source = new LineBuffer(blockBytes);
        var target = new LineBuffer(blocks * blockBytes);
        var rates = new List<double>(Rounds);
        for (int round = 0; round < Rounds; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            long bytes = 0;
            TimeSpan elapsed;
            do
            {
                for (int i = 0; i < blocks; i++)
                {
                    source.Span.CopyTo(target.Span[(i * blockBytes)..]);
                }

                bytes += target.Length;
                elapsed = Stopwatch.GetElapsedTime(begin);
            }
            while (elapsed.TotalMilliseconds < RoundMs);
            rates.Add(bytes / elapsed.TotalNanoseconds);
        }

        rates.Sort();
        return rates[Rounds / 2];
    }
}
