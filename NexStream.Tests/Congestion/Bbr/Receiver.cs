using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>Acknowledges as the library does: every second of the first packets, then every sixteenth, or after 5 ms; at once after a gap or a mark.</summary>
internal sealed class Receiver(Bottleneck link, Flow flow)
{
    public const long MaxAckDelayNs = 5 * Instant.Millisecond;

    private const int Threshold = 16;
    private const int FirstThreshold = 2;
    private const int FirstPackets = 64;

    private readonly HashSet<ulong> _marks = [];
    private readonly List<ulong> _received = [];
    private ulong _expected;
    private long _timer;
    private long _seen;
    private ulong _ce;

    /// <summary>The network marks the packet of that number.</summary>
    public void Mark(ulong number) => _marks.Add(number);

    public void Arrive(ulong number)
    {
        _received.Add(number);
        _seen++;
        bool isInOrder = number == _expected;
        bool isMarked = _marks.Remove(number);
        _ce += isMarked ? 1UL : 0;
        _expected = Math.Max(_expected, number + 1);
        if (!isInOrder || isMarked || _received.Count >= (_seen <= FirstPackets ? FirstThreshold : Threshold))
        {
            Acknowledge();
        }
        else if (_received.Count == 1)
        {
            long timer = ++_timer;
            link.At(link.Now + MaxAckDelayNs, () =>
            {
                if (timer == _timer)
                {
                    Acknowledge();
                }
            });
        }
    }

    private void Acknowledge()
    {
        _timer++;
        ulong[] numbers = [.. _received];
        _received.Clear();
        Array.Sort(numbers);
        ulong ce = _ce;
        link.Return(() => flow.Receive(numbers, ce));
    }
}
