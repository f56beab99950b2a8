using BenchmarkDotNet.Attributes;
using NexStream.Core.Primitives;
using NexStream.Perf;
using NexStream.Perf.Memory;

namespace NexStream.Bench;

/// <summary>What a data frame costs where many streams are open: all of them active in turn, or a hundred of them.</summary>
[MemoryDiagnoser]
public class MultiplexingBenchmarks
{
    private const int Active = 100;

    private MemoryPair? _pair;

    [Params(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)]
    public TransportMode Mode { get; set; }

    [Params(1, 100, 4096, 65_536)]
    public int Streams { get; set; }

    [GlobalSetup(Target = nameof(AllActive))]
    public void SetUpAll() => _pair = new MemoryPair(new PerfOptions { Mode = Mode, Streams = Streams });

    [GlobalSetup(Target = nameof(HundredActive))]
    public void SetUpHundred()
    {
        int active = Math.Min(Streams, Active);
        _pair = new MemoryPair(new PerfOptions { Mode = Mode, Streams = active, IdleStreams = Streams - active });
    }

    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public void AllActive() => _pair!.Turn();

    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public void HundredActive() => _pair!.Turn();
}
