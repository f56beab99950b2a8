using BenchmarkDotNet.Attributes;
using NexStream.Core.Wire;

namespace NexStream.Bench;

/// <summary>Writing and reading one frame of each type.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private readonly byte[] _encoded = new byte[512];
    private readonly byte[] _scratch = new byte[512];
    private FrameType _type;
    private int _length;

    /// <summary>The frame types by name: the enumeration itself is internal.</summary>
    public static IEnumerable<string> Frames => Enum.GetNames<FrameType>();

    [ParamsSource(nameof(Frames))]
    public string Frame { get; set; } = nameof(FrameType.Data);

    [GlobalSetup]
    public void Setup()
    {
        _type = Enum.Parse<FrameType>(Frame);
        var writer = new FrameWriter(_encoded);
        if (!FrameSamples.TryWrite(_type, ref writer))
        {
            throw new InvalidOperationException($"There is no sample of {Frame}.");
        }

        _length = writer.Length;
        if (!Decode())
        {
            throw new InvalidOperationException($"The sample of {Frame} cannot be read.");
        }
    }

    [Benchmark]
    public bool Encode()
    {
        var writer = new FrameWriter(_scratch);
        return FrameSamples.TryWrite(_type, ref writer);
    }

    [Benchmark]
    public bool Decode()
    {
        var reader = new FrameReader(_encoded.AsSpan(0, _length));
        return reader.TryRead(out RawFrame raw) && FrameSamples.TryRead(raw);
    }
}
