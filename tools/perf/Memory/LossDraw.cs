namespace NexStream.Perf.Memory;

/// <summary>Draws which packets are lost: the same ones for the same seed.</summary>
internal struct LossDraw(ulong seed, double share)
{
    private readonly ulong _threshold = (ulong)(share * uint.MaxValue);
    private ulong _state = seed | 1;

    public bool Next()
    {
        if (_threshold == 0)
        {
            return false;
        }

        // xorshift64* (Vigna 2016).
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return unchecked(_state * 0x2545F4914F6CDD1D) >> 32 < _threshold;
    }
}
