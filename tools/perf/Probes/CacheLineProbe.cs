using System.Diagnostics;
using System.Runtime.InteropServices;
using NexStream.Driver.Threads;

namespace NexStream.Perf.Probes;

/// <summary>
/// How far apart two threads are: the time that one cache line takes from core to core and back. Where a host moves its cores, figures of two threads
/// move with this one.
/// </summary>
public static class CacheLineProbe
{
    private const int OtherCore = 1;

    private const int RoundTrips = 200_000;

    // Two values of one probe never share a line, nor the pair of lines that Intel's prefetcher fetches together.
    private const int Spacing = 128;

    /// <summary>Nanoseconds for a round trip; null where there is only one core. The caller stays tied to the first core.</summary>
    public static double? RoundTripNs()
    {
        if (Environment.ProcessorCount < 2)
        {
            return null;
        }

        var line = new Line();
        var other = new Thread(() =>
        {
            // A thread inherits the core of the one that starts it.
            _ = CoreAffinity.TryPin(OtherCore);
            for (int i = 1; i <= RoundTrips; i++)
            {
                while (Volatile.Read(ref line.Ping) != i)
                {
                    // The two cores do nothing else: that is what is measured.
                }

                Volatile.Write(ref line.Pong, i);
            }
        });
        _ = CoreAffinity.TryPin(0);
        other.Start();
        long begin = Stopwatch.GetTimestamp();
        for (int i = 1; i <= RoundTrips; i++)
        {
            Volatile.Write(ref line.Ping, i);
            while (Volatile.Read(ref line.Pong) != i)
            {
                // As above.
            }
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
        other.Join();
        return elapsed.TotalNanoseconds / RoundTrips;
    }

    [StructLayout(LayoutKind.Explicit, Size = 3 * Spacing)]
    private sealed class Line
    {
        [FieldOffset(Spacing)]
        public int Ping;

        // Both in one line: a round trip is one line's way there and back.
        [FieldOffset(Spacing + sizeof(int))]
        public int Pong;
    }
}
