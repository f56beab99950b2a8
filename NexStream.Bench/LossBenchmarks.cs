using BenchmarkDotNet.Attributes;
using NexStream.Core.Primitives;
using NexStream.Perf;
using NexStream.Perf.Memory;

namespace NexStream.Bench;

/// <summary>What losses cost for each data frame that is handed to the application's turn: finding them, sending again, and putting in order.</summary>
[MemoryDiagnoser]
public class LossBenchmarks
{
    private MemoryPair? _pair;

    [Params(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)]
    public TransportMode Mode { get; set; }

    [Params(0, 0.01, 0.1)]
    public double Loss { get; set; }

    [GlobalSetup]
    public void Setup() => _pair = new MemoryPair(new PerfOptions { Mode = Mode, Loss = Loss });

    /// <summary>Turns until a window was delivered.</summary>
    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public void Deliver()
    {
        for (long end = _pair!.BytesRead + (PerfOptions.WindowDefault * _pair.FrameBytes); _pair.BytesRead < end;)
        {
            _pair.Turn();
        }
    }
}
