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

    public ReadOnlySpan<byte> this[int lane] => lane switch { 0 => _a, 1 => _b, 2 => _c, _ => _d };

    /// <summary>How far those inputs reach together that reach beyond <paramref name="start"/>, and one of them; -1: none does.</summary>
    public int EndBehind(int start, int length, out int filled)
    {
        int end = length;
        filled = -1;
        for (int lane = 0; lane < SymbolCombiner.InputsAtOnce; lane++)
        {
            int reach = this[lane].Length;
            if (reach > start)
            {
                filled = lane;
                end = Math.Min(end, reach);
            }
        }

        return end;
    }

    /// <summary>What a lane has from <paramref name="start"/> on; where it has nothing, what <paramref name="filled"/> has, whose factor is then 0.</summary>
    public ReadOnlySpan<byte> Behind(int lane, int start, int filled) => this[this[lane].Length > start ? lane : filled][start..];

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
