using BenchmarkDotNet.Attributes;
using NexStream.Driver.Links;

namespace NexStream.Bench;

/// <summary>A descriptor through a link's ring, sent and received by one thread, published one by one or sixteen at a time.</summary>
[MemoryDiagnoser]
public class RingBenchmarks
{
    private const int Descriptors = 64;
    private const int FrameSize = 2048;
    private const int FrameCount = 64;

    private readonly LinkDescriptor[] _descriptors = new LinkDescriptor[Descriptors];
    private LinkArena? _first;
    private LinkArena? _second;
    private Link? _sending;
    private Link? _receiving;

    [Params(LinkPreference.Managed, LinkPreference.Native)]
    public LinkPreference Ring { get; set; }

    [Params(1, 16)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        LinkLibrary library = LinkLibrary.Load(Ring);
        _first = library.CreateArena(FrameSize, FrameCount);
        _second = library.CreateArena(FrameSize, FrameCount);
        (_sending, _receiving) = library.CreateLoop(_first, _second, Descriptors);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _sending?.Dispose();
        _receiving?.Dispose();
        _first?.Dispose();
        _second?.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Descriptors)]
    public int Pass()
    {
        int received = 0;
        for (int sent = 0; sent < Descriptors; sent += Batch)
        {
            _sending!.Send(_descriptors.AsSpan(sent, Batch));
            received += _receiving!.Receive(_descriptors.AsSpan(sent, Batch));
        }

        return received;
    }
}
