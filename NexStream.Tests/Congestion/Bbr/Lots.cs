namespace NexStream.Tests.Congestion.Bbr;

/// <summary>Numbers that look random and are the same in every run.</summary>
internal static class Lots
{
    public static ulong Draw(ulong seed, ulong count)
    {
        unchecked
        {
            ulong z = (seed * 0xD1342543DE82EF95) + (count * 0x9E3779B97F4A7C15);
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
