using System.Runtime.InteropServices;

namespace NexStream.Core.Fec;

/// <summary>Up to four inputs, side by side.</summary>
internal readonly ref struct InputLanes
{
    private readonly ReadOnlySpan<byte> _a;
    private readonly ReadOnlySpan<byte> _b;
    private readonly ReadOnlySpan<byte> _c;
    private readonly ReadOnlySpan<byte> _d;

    private InputLanes(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d, bool isFirst)
    {
        _a = a;
        _b = b;
        _c = c;
        _d = d;
        IsFirst = isFirst;
    }

    /// <summary>Whether these are the first inputs of all.</summary>
    public bool IsFirst { get; }

    public static InputLanes From<TInputs>(in TInputs inputs, int first, int length)
        where TInputs : ISymbols, allows ref struct =>
        new(Lane(inputs, first, length), Lane(inputs, first + 1, length), Lane(inputs, first + 2, length), Lane(inputs, first + 3, length), first == 0);

    /// <summary>The lanes whose inputs reach beyond <paramref name="start"/>: a byte of ones for each, the first the lowest.</summary>
    public uint LanesBehind(int start) =>
        (_a.Length > start ? 0xFFu : 0) | (_b.Length > start ? 0xFF00u : 0) | (_c.Length > start ? 0xFF0000u : 0) | (_d.Length > start ? 0xFF000000u : 0);

    /// <summary>How far those inputs reach together that reach beyond <paramref name="start"/>.</summary>
    public int EndBehind(int start, int length) =>
        Math.Min(Math.Min(Reach(_a, start, length), Reach(_b, start, length)), Math.Min(Reach(_c, start, length), Reach(_d, start, length)));

    /// <summary>The first input that reaches beyond <paramref name="start"/>, from there on; one does.</summary>
    public ref byte AnyBehind(int start) => ref _a.Length > start ? ref At(_a, start) : ref _b.Length > start ? ref At(_b, start) : ref _c.Length > start ? ref At(_c, start) : ref At(_d, start);

    /// <summary>What lane 0 has from <paramref name="start"/> on; where it has nothing, what <paramref name="other"/> has, whose factor is then 0.</summary>
    public ref byte A(int start, ref byte other) => ref _a.Length > start ? ref At(_a, start) : ref other;

    /// <summary>The same of lane 1.</summary>
    public ref byte B(int start, ref byte other) => ref _b.Length > start ? ref At(_b, start) : ref other;

    /// <summary>The same of lane 2.</summary>
    public ref byte C(int start, ref byte other) => ref _c.Length > start ? ref At(_c, start) : ref other;

    /// <summary>The same of lane 3.</summary>
    public ref byte D(int start, ref byte other) => ref _d.Length > start ? ref At(_d, start) : ref other;

    private static int Reach(ReadOnlySpan<byte> lane, int start, int length) => lane.Length > start ? lane.Length : length;

    private static ref byte At(ReadOnlySpan<byte> lane, int start) => ref MemoryMarshal.GetReference(lane[start..]);

    private static ReadOnlySpan<byte> Lane<TInputs>(in TInputs inputs, int index, int length)
        where TInputs : ISymbols, allows ref struct
    {
        if (index >= inputs.Count)
        {
            return [];
        }

        ReadOnlySpan<byte> symbol = inputs[index];
        return symbol.Length <= length ? symbol : symbol[..length];
    }
}

/// <summary>Up to four outputs, side by side; a lane that there is not is the last one, and not written.</summary>
internal readonly ref struct OutputLanes
{
    private readonly Span<byte> _w;
    private readonly Span<byte> _x;
    private readonly Span<byte> _y;
    private readonly Span<byte> _z;

    private OutputLanes(Span<byte> w, Span<byte> x, Span<byte> y, Span<byte> z, int count)
    {
        _w = w;
        _x = x;
        _y = y;
        _z = z;
        Count = count;
    }

    public int Count { get; }

    public static OutputLanes From<TOutputs>(in TOutputs outputs, int first, int count, int length)
        where TOutputs : ISymbolBuffers, allows ref struct
    {
        int last = first + count - 1;
        return new(
            outputs[first][..length], outputs[Math.Min(first + 1, last)][..length], outputs[Math.Min(first + 2, last)][..length],
            outputs[Math.Min(first + 3, last)][..length], count);
    }

    public Span<byte> this[int lane] => lane switch { 0 => _w, 1 => _x, 2 => _y, _ => _z };

    public void Clear(int start, int end)
    {
        for (int lane = 0; lane < Count; lane++)
        {
            this[lane][start..end].Clear();
        }
    }
}
