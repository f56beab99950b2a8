namespace NexStream.Core.Primitives;

/// <summary>A word that holds two halves.</summary>
internal static class WordPair
{
    public static ulong Of(uint low, uint high) => low | ((ulong)high << 32);

    public static uint Low(ulong pair) => unchecked((uint)pair);

    public static uint High(ulong pair) => (uint)(pair >> 32);

    public static ulong WithLow(ulong pair, uint low) => Of(low, High(pair));

    public static ulong WithHigh(ulong pair, uint high) => Of(Low(pair), high);
}
