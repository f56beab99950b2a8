namespace NexStream.Tools.Fuzz.Running;

/// <summary>Whether the managed heap grows: inputs leave nothing behind, so it stays as large as the first ones made it.</summary>
internal sealed class HeapWatch
{
    /// <summary>Inputs after which the heap has what it needs: code is compiled, buffers are as large as they get.</summary>
    private const long WarmUp = 20_000;

    /// <summary>Inputs between two looks, each of which collects all that is free.</summary>
    private const long Interval = 200_000;

    /// <summary>Far more than the corpus can take (its bound is counted by itself), far less than a leak makes of millions of inputs.</summary>
    private const long GrowthMax = 32 << 20;

    private long _first;

    /// <summary>The largest growth seen, in bytes.</summary>
    public long Growth { get; private set; }

    /// <summary>Looks when it is time. False: it has grown beyond its bound.</summary>
    /// <param name="iterations">Inputs that were run.</param>
    /// <param name="kept">Bytes that the corpus keeps at most.</param>
    public bool IsBounded(long iterations, long kept)
    {
        if (iterations == WarmUp)
        {
            _first = GC.GetTotalMemory(forceFullCollection: true);
        }
        else if (iterations > WarmUp && iterations % Interval == 0)
        {
            Growth = Math.Max(Growth, GC.GetTotalMemory(forceFullCollection: true) - _first);
        }

        return Growth <= GrowthMax + kept;
    }
}
