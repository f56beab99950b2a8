using NexStream.Core.Fec;

namespace NexStream.Tests.Fec;

/// <summary>What <see cref="LossMeter"/> counts, from sets that forget nothing.</summary>
internal sealed class MeterModel
{
    private readonly SortedSet<ulong> _arrived = [];
    private readonly HashSet<ulong> _recovered = [];
    private ulong _next;

    public ulong Received => (ulong)_arrived.Count;

    public ulong Recovered => (ulong)_recovered.Count;

    public ulong Lost => _next - Received;

    /// <summary>A run of losses ends before an arrival that does not follow another, or at the end.</summary>
    public ulong Runs
    {
        get
        {
            ulong runs = 0;
            ulong expected = 0;
            foreach (ulong number in _arrived)
            {
                runs += number > expected ? 1UL : 0;
                expected = number + 1;
            }

            return runs + (_next > expected ? 1UL : 0);
        }
    }

    public bool OnArrived(ulong number)
    {
        if (IsTooOld(number) || !_arrived.Add(number))
        {
            return false;
        }

        _next = Math.Max(_next, number + 1);
        return !_recovered.Remove(number);
    }

    public bool OnRecovered(ulong number)
    {
        if (IsTooOld(number) || _arrived.Contains(number) || !_recovered.Add(number))
        {
            return false;
        }

        _next = Math.Max(_next, number + 1);
        return true;
    }

    public bool IsMissing(ulong number) => !IsTooOld(number) && !_arrived.Contains(number) && !_recovered.Contains(number);

    private bool IsTooOld(ulong number) => number < _next && _next - number > LossMeter.Window;
}
