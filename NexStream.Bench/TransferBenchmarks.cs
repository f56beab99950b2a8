using BenchmarkDotNet.Attributes;
using NexStream.Core.Primitives;
using NexStream.Perf;
using NexStream.Perf.Memory;

namespace NexStream.Bench;

/// <summary>One data frame from <c>Send</c> at one end to <c>Receive</c> at the other, both ends' work and acknowledgements included, by mode and size.</summary>
[MemoryDiagnoser]
public class TransferBenchmarks
{
    private byte[] _data = [];
    private byte[] _target = [];
    private MemoryPair? _pair;

    [Params(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered, TransportMode.BestEffort, TransportMode.Probabilistic)]
    public TransportMode Mode { get; set; }

    [Params(1200, 8192)]
    public int Frame { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _data = new byte[Frame];
        _target = new byte[Frame];
        _pair = new MemoryPair(new PerfOptions { Mode = Mode, FrameBytes = Frame });
    }

    /// <summary>What a copy of the same bytes costs here: two of them are part of a transfer.</summary>
    [Benchmark(Baseline = true)]
    public byte Copy()
    {
        _data.CopyTo(_target, 0);
        return _target[^1];
    }

    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public void Transfer() => _pair!.Turn();
}
