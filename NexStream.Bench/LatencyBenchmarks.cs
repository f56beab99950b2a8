using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using NexStream.Driver.Links;
using NexStream.Perf;
using NexStream.Perf.Drivers;

namespace NexStream.Bench;

/// <summary>A message there and back through two drivers on one thread, by link. Between two processes: <c>nexstream perf --link shm --ping</c>.</summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The cleanup disposes of it.")]
public class LatencyBenchmarks
{
    private LoopPair? _pair;

    [Params(LinkPreference.Managed, LinkPreference.Native)]
    public LinkPreference Link { get; set; }

    [Params(64, 8192)]
    public int Message { get; set; }

    [GlobalSetup]
    public void Setup() => _pair = new LoopPair(new PerfOptions { FrameBytes = Message }, Link, echoes: true);

    [GlobalCleanup]
    public void Cleanup() => _pair?.Dispose();

    [Benchmark]
    public void PingPong() => _pair!.Ping();
}
