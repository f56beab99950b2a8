using BenchmarkDotNet.Attributes;
using NexStream.Perf;
using NexStream.Perf.Memory;

namespace NexStream.Bench;

/// <summary>What a data frame costs where an endpoint has many connections: one of them active, or all in turn.</summary>
[MemoryDiagnoser]
public class ConnectionBenchmarks
{
    private MemoryPair? _pair;

    [Params(1, 1000, 100_000)]
    public int Connections { get; set; }

    [GlobalSetup(Target = nameof(OneActive))]
    public void SetUpOne() => _pair = new MemoryPair(new PerfOptions { IdleConnections = Connections - 1 });

    [GlobalSetup(Target = nameof(AllActive))]
    public void SetUpAll() => _pair = new MemoryPair(new PerfOptions { Connections = Connections });

    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public void OneActive() => _pair!.Turn();

    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public void AllActive() => _pair!.Turn();
}
