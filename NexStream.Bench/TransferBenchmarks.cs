using BenchmarkDotNet.Attributes;
using NexStream.Core.Primitives;

namespace NexStream.Bench;

/// <summary>One packet's payload from <c>Send</c> at one end to <c>Receive</c> at the other, both ends' work and acknowledgements included.</summary>
[MemoryDiagnoser]
public class TransferBenchmarks
{
    private readonly byte[] _data = new byte[1024];
    private readonly byte[] _target = new byte[1024];
    private MemoryPair? _pair;

    [Params(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered, TransportMode.BestEffort)]
    public TransportMode Mode { get; set; }

    [GlobalSetup]
    public void Setup() => _pair = new MemoryPair(Mode, _data.Length);

    /// <summary>What a copy of the same bytes costs on this machine: three of them are part of a transfer.</summary>
    [Benchmark(Baseline = true)]
    public byte Copy()
    {
        _data.CopyTo(_target, 0);
        return _target[^1];
    }

    [Benchmark]
    public int Transfer() => _pair!.Transfer(_data);
}
