using System.Runtime.CompilerServices;

namespace NexStream.Core.Fec;

/// <summary>
/// What arrived on a probabilistic stream, for RECEIVER_REPORT: a receiver's counts from the message numbers, which are consecutive at the sender and
/// begin at 0. Zeroed memory is a stream without messages. 96 bytes; every call is O(1), whatever number a peer sends.
/// </summary>
/// <remarks>
/// The last <see cref="Window"/> numbers are known one by one: whether the message arrived by itself, came back by repair, or neither. So a message is
/// delivered once, and one that comes late is taken out of the losses and out of its run of losses, exactly: in the middle of a run it makes two of one, alone
/// it ends one. Older numbers are duplicates, and what is missing there stays lost. Lost means lost by the path, also what was recovered: both are
/// part of <see cref="Lost"/>, and a message that arrives after its recovery moves from lost and recovered to received. Received + recovered, the messages
/// delivered, never falls.
/// </remarks>
internal struct LossMeter
{
    /// <summary>How many of the last numbers are known one by one. At 10,000 messages a second these are 25 ms: the furthest that one may come late.</summary>
    public const int Window = WordCount * WordBits;

    private const int WordBits = 64;
    private const int WordCount = 4;

    private const ulong Edge = 1;
    private const ulong OneRun = 2;

    // By number modulo the window.
    private Bitmap _arrived;
    private Bitmap _recovered;

    // One more than the highest number known of.
    private ulong _next;

    // Runs of losses, doubled, and 1 if the message just before the window arrived: the neighbour of the oldest number in it. They are fewer than 2^63,
    // as something arrived between any two.
    private ulong _runsAndEdge;

    /// <summary>Messages that arrived by themselves.</summary>
    public ulong Received { get; private set; }

    /// <summary>Messages that came back by repair and did not arrive by themselves since.</summary>
    public ulong Recovered { get; private set; }

    /// <summary>Messages up to the highest number known of that did not arrive by themselves; it falls when one comes late.</summary>
    public readonly ulong Lost => _next - Received;

    /// <summary>Maximal runs of losses.</summary>
    public readonly ulong Runs => _runsAndEdge >> 1;

    /// <summary>Mean length of so many runs of so many losses in 1/256, as RECEIVER_REPORT has it: 0 without runs; what exceeds 32 bits is all ones.</summary>
    public static uint MeanRunQ8(ulong lost, ulong runs)
    {
        if (runs == 0)
        {
            return 0;
        }

        (ulong whole, ulong rest) = Math.DivRem(lost, runs);

        // The rest is less than the number of runs, each of which took a call: far from the 2^56 that would overflow here.
        return whole > uint.MaxValue >> 8 ? uint.MaxValue : (uint)((whole << 8) + ((rest << 8) / runs));
    }

    /// <summary>Whether a message is above all that are known of, and so for certain new.</summary>
    public readonly bool IsAhead(ulong number) => number >= _next && number != ulong.MaxValue;

    /// <summary>A message arrived by itself. True: it is new and to be delivered; false: it was delivered before, or is too old to tell.</summary>
    public bool OnArrived(ulong number)
    {
        if (number == _next && number != ulong.MaxValue)
        {
            OnNextArrived();
            return true;
        }

        if (!TryReach(number) || IsSet(_arrived, number))
        {
            return false;
        }

        // It fills a hole. Between two losses it parts their run; where there is none on either side it was a run of its own.
        bool isFirst = HasArrivedBefore(number);
        bool isLast = number + 1 == _next || IsSet(_arrived, number + 1);
        if (isFirst == isLast)
        {
            _runsAndEdge = isFirst ? _runsAndEdge - OneRun : _runsAndEdge + OneRun;
        }

        Word(ref _arrived, number) |= Bit(number);
        Received++;
        if (!IsSet(_recovered, number))
        {
            return true;
        }

        Word(ref _recovered, number) &= ~Bit(number);
        Recovered--;
        return false;
    }

    /// <summary>
    /// Repair symbols gave back a message. True: it is to be delivered; false: it was delivered before, or is too old to tell. A number above all others
    /// is the first news of that message, and of the losses before it.
    /// </summary>
    public bool OnRecovered(ulong number)
    {
        if (!TryReach(number) || IsSet(_arrived, number) || IsSet(_recovered, number))
        {
            return false;
        }

        Word(ref _recovered, number) |= Bit(number);
        Recovered++;
        return true;
    }

    // It comes right after the highest: it begins no run of losses and goes on with none, whatever was before it.
    private void OnNextArrived()
    {
        ulong number = _next;
        ulong bit = Bit(number);
        ref ulong arrived = ref Word(ref _arrived, number);

        // The bit is that of the number which leaves the window. Whether that one was recovered is not asked of one that arrived.
        _runsAndEdge = (_runsAndEdge & ~Edge) | ((arrived & bit) != 0 ? Edge : 0);
        arrived |= bit;
        Received++;
        _next = number + 1;
    }

    /// <summary>Whether a message was not delivered, and still would be.</summary>
    public readonly bool IsMissing(ulong number) =>
        number >= _next || (_next - number <= Window && !IsSet(_arrived, number) && !IsSet(_recovered, number));

    private static ulong Bit(ulong number) => 1UL << (int)(number % WordBits);

    private static ref ulong Word(ref Bitmap bits, ulong number) => ref bits[(int)(number / WordBits % WordCount)];

    private static bool IsSet(in Bitmap bits, ulong number) => (bits[(int)(number / WordBits % WordCount)] & Bit(number)) != 0;

    // What comes before the first message is no loss.
    private readonly bool HasArrivedBefore(ulong number) =>
        number == 0 || (_next - number == Window ? (_runsAndEdge & Edge) != 0 : IsSet(_arrived, number - 1));

    // Makes sure that a number is in the window. The highest of all numbers has no successor and is refused; no stream gets there.
    private bool TryReach(ulong number)
    {
        if (number < _next)
        {
            return _next - number <= Window;
        }

        if (number == ulong.MaxValue)
        {
            return false;
        }

        // All up to it count as lost at first. They go on with a run, or are one more.
        if (HasArrivedBefore(_next))
        {
            _runsAndEdge += OneRun;
        }

        // The number that will lie just before the window has the bit that this one gets; when it is newer than the window so far, it is lost.
        bool isEdgeArrived = number - _next < Window && IsSet(_arrived, number);
        _runsAndEdge = (_runsAndEdge & ~Edge) | (isEdgeArrived ? Edge : 0);
        Forget(number);
        _next = number + 1;
        return true;
    }

    // The bits from the next number up to this one are those of numbers that leave the window.
    private void Forget(ulong last)
    {
        if (last - _next >= Window)
        {
            _arrived = default;
            _recovered = default;
            return;
        }

        for (ulong first = _next; first <= last;)
        {
            ulong count = Math.Min(WordBits - (first % WordBits), last - first + 1);
            ulong kept = ~(ulong.MaxValue >> (int)(WordBits - count) << (int)(first % WordBits));
            Word(ref _arrived, first) &= kept;
            Word(ref _recovered, first) &= kept;
            first += count;
        }
    }

    [InlineArray(WordCount)]
    private struct Bitmap
    {
        private ulong _first;
    }
}
