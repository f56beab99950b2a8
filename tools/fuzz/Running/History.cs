namespace NexStream.Tools.Fuzz.Running;

/// <summary>The inputs since the target was reset: what a failure depends on.</summary>
internal sealed class History(int inputMax)
{
    /// <summary>So many inputs use what one reset made. To make it is most of the work otherwise, and what inputs leave behind is worth a look as well.</summary>
    public const int InputsMax = 64;

    private readonly byte[] _bytes = new byte[inputMax * InputsMax];
    private readonly int[] _lengths = new int[InputsMax];

    public int Count { get; private set; }

    public bool IsFull => Count == InputsMax;

    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(index * inputMax, _lengths[index]);

    public void Clear() => Count = 0;

    public void Add(ReadOnlySpan<byte> input)
    {
        input.CopyTo(_bytes.AsSpan(Count * inputMax));
        _lengths[Count++] = input.Length;
    }
}
