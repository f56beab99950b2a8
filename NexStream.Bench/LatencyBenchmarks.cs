using BenchmarkDotNet.Attributes;
using NexStream.Driver.Links;
using NexStream.Perf;
using NexStream.Perf.Drivers;

namespace NexStream.Bench;

/// <summary>A message there and back through two drivers on one thread, by link. Between two processes: <c>nexstream perf --link shm --ping</c>.</summary>
[MemoryDiagnoser]
public sealed class LatencyBenchmarks : IDisposable
{
    private LoopPair? _pair;

    [Params(LinkPreference.Managed, LinkPreference.Native)]
    public LinkPreference Link { get; set; }

    [Params(64, 8192)]
    public int Message { get; set; }

    [GlobalSetup]
    public void Setup() => _pair = new LoopPair(new PerfOptions { FrameBytes = Message }, Link, echoes: true);

    [GlobalCleanup]
    public void Dispose() => _pair?.Dispose();

    [Benchmark]
    public void PingPong() => _pair!.Ping();
}
