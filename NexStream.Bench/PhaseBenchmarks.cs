using BenchmarkDotNet.Attributes;
using NexStream.Core.Primitives;
using NexStream.Perf;
using NexStream.Perf.Memory;

namespace NexStream.Bench;

/// <summary>Writing the packets of a window, and taking them in, each by itself: the rest of the turn is not measured.</summary>
[MemoryDiagnoser]
[InvocationCount(1)]
[IterationCount(300)]
public class PhaseBenchmarks
{
    private MemoryPair? _pair;

    [Params(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered, TransportMode.BestEffort, TransportMode.Probabilistic)]
    public TransportMode Mode { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _pair = new MemoryPair(new PerfOptions { Mode = Mode });
        for (int i = 0; i < 100_000; i++)
        {
            _pair.Turn();
        }
    }

    [IterationSetup(Target = nameof(Transmit))]
    public void BeforeTransmit()
    {
        Finish();
        _pair!.Produce();
    }

    [IterationSetup(Target = nameof(Receive))]
    public void BeforeReceive()
    {
        Finish();
        _pair!.Produce();
        _pair.Transmit();
    }

    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public void Transmit() => _pair!.Transmit();

    [Benchmark(OperationsPerInvoke = PerfOptions.WindowDefault)]
    public int Receive() => _pair!.Deliver();

    private void Finish()
    {
        _pair!.Deliver();
        _pair.Consume();
        _pair.Acknowledge();
        _pair.Timers();
        _pair.BeginTurn();
    }
}
