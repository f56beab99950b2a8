using NexStream.Core.Primitives;

namespace NexStream.Tool.Transfer;

/// <summary>
/// Which blocks of a file have come over a stream that may lose them, and which to ask for: new ones as long as few are under way, and again those that are missing
/// when nothing has come for a while. So the sender keeps nothing, and whatever is lost, in either direction, is asked for until it is there.
/// </summary>
internal sealed class BlockPlan
{
    /// <summary>Content of a message: it fits the smallest packet, with all headers.</summary>
    public const int BlockSize = 1024;

    /// <summary>A bit for each block: 8 MiB for the longest file.</summary>
    public const long FileLengthMax = 64L << 30;

    /// <summary>Blocks under way: 2 MiB, what 100 ms of 160 Mbit/s hold, and half of what a stream buffers.</summary>
    private const int WindowBlocks = 2048;

    /// <summary>What is asked for at once.</summary>
    private const int RequestBlocks = WindowBlocks / 2;

    /// <summary>Missing runs that are asked for after one silence; the rest follows the next.</summary>
    private const int RunsAtOnce = 64;

    /// <summary>Longer than a round trip and what is queued: who is merely late is not asked for twice.</summary>
    private const long SilenceNs = 200 * Instant.Millisecond;

    private const int BitsPerWord = 64;

    private readonly ulong[] _have;
    private readonly long _blocks;
    private long _next;
    private long _received;
    private long _firstMissing;
    private long _scan;
    private int _runsLeft;
    private Instant _lastProgress;

    public BlockPlan(long length, Instant now)
    {
        _blocks = (length + BlockSize - 1) / BlockSize;
        _have = new ulong[(_blocks + BitsPerWord - 1) / BitsPerWord];
        _lastProgress = now;
    }

    /// <summary>Whether all are there.</summary>
    public bool IsComplete => _received == _blocks;

    /// <summary>A block came. False: it is not one, or is here already.</summary>
    public bool TryAdd(long offset, Instant now)
    {
        long block = offset / BlockSize;
        if (offset < 0 || offset % BlockSize != 0 || block >= _blocks || Has(block))
        {
            return false;
        }

        _have[block / BitsPerWord] |= 1UL << (int)(block % BitsPerWord);
        _received++;
        _lastProgress = now;
        while (_firstMissing < _next && Has(_firstMissing))
        {
            _firstMissing++;
        }

        return true;
    }

    /// <summary>The next run of blocks to ask for; false: none now. Call until false.</summary>
    public bool TryAsk(Instant now, out long first, out int count)
    {
        if (_next < _blocks && _next - _received <= WindowBlocks - RequestBlocks)
        {
            first = _next;
            count = (int)Math.Min(RequestBlocks, _blocks - _next);
            _next += count;
            _lastProgress = now;
            return true;
        }

        if (_runsLeft == 0 && !IsComplete && now - _lastProgress >= SilenceNs)
        {
            _runsLeft = RunsAtOnce;
            _scan = _firstMissing;
            _lastProgress = now;
        }

        while (_runsLeft > 0 && _scan < _next && Has(_scan))
        {
            _scan++;
        }

        first = _scan;
        count = 0;
        while (_runsLeft > 0 && _scan < _next && count < RequestBlocks && !Has(_scan))
        {
            _scan++;
            count++;
        }

        _runsLeft = count == 0 ? 0 : _runsLeft - 1;
        return count != 0;
    }

    private bool Has(long block) => (_have[block / BitsPerWord] & (1UL << (int)(block % BitsPerWord))) != 0;
}
