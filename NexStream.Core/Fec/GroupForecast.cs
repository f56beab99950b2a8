using System.Runtime.CompilerServices;

namespace NexStream.Core.Fec;

/// <summary>
/// What share of a group's messages a lossy path is expected to deliver, for ever more repair symbols. The code is systematic and MDS: a source that
/// arrives counts whatever becomes of the rest, and the missing ones come back when no more packets of the group are lost than it has repairs.
/// </summary>
/// <remarks>
/// The sources come first and the repairs depend on them only through the state of the chain at the border. So, with s for that state,
/// <code>
/// E[sources not delivered] = sum over s and i of  i · P(i sources lost, s) · P(more than m - i of m repairs lost | s).
/// </code>
/// The first factor does not depend on m. The last is a tail T(m, s, j) = P(at least j of m lost | s), and putting a packet in front of m others gives
/// <code>
/// T(m + 1, s, j) = P(lost | s) · T(m, lost, j - 1) + P(arrived | s) · T(m, arrived, j),   T(m, s, j) = 1 for j at most 0,   T(0, s, j) = 0 else,
/// </code>
/// of which only the k values j = m - k + 1 … m are asked for. All terms are positive, so that nothing cancels, and only + - * / occur, so that all machines
/// agree. Cost for k sources: k (k + 2) additions at the start, and for the m-th repair 2 k + 2 min(k, m). For k = 64 and all 64 repairs that is 16,576
/// additions and 20,800 multiplications. Nothing is allocated; it takes 2 KiB of the stack.
/// </remarks>
internal ref struct GroupForecast
{
    /// <summary>Sources that a group may have, the same as the codec's.</summary>
    public const int SourcesMax = 64;

    /// <summary>Repairs that a group may have: as many as sources. With both a group has 128 of the 255 symbols that a code over GF(2^8) can have.</summary>
    public const int RepairsMax = 64;

    private const int RowLength = (SourcesMax > RepairsMax ? SourcesMax : RepairsMax) + 1;

    private readonly double _lostAfterLost;
    private readonly double _lostAfterArrived;
    private readonly int _sources;

    // By the number i of lost sources: i / k · P(i lost, the last source lost or arrived).
    private Row _weightLost;
    private Row _weightArrived;

    // By j: T(m, s, j). Values below the band that is asked for are left as they were.
    private Row _tailLost;
    private Row _tailArrived;

    /// <summary>A group of so many sources (1 to <see cref="SourcesMax"/>) without repairs.</summary>
    public GroupForecast(in LossModel path, int sources)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sources, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sources, SourcesMax);
        _lostAfterLost = path.LostAfterLost;
        _lostAfterArrived = path.LostAfterArrived;
        _sources = sources;
        CountLostSources(path.Loss);
        _tailLost[0] = 1;
        _tailArrived[0] = 1;
        Delivered = 1 - path.Loss;
    }

    /// <summary>The expected share of the group's messages that are delivered; never falls with more repairs.</summary>
    public double Delivered { get; private set; }

    /// <summary>Repairs of the group, from 0 to <see cref="RepairsMax"/>.</summary>
    public int Repairs { get; private set; }

    /// <summary>One more repair; false: it has them all.</summary>
    public bool TryAddRepair()
    {
        if (Repairs == RepairsMax)
        {
            return false;
        }

        Repairs++;
        LengthenTails();

        // More lost sources than repairs: no repair helps, the tail is 1.
        double failed = 0;
        for (int i = _sources; i > Repairs; i--)
        {
            failed += _weightLost[i] + _weightArrived[i];
        }

        for (int i = Math.Min(_sources, Repairs); i > 0; i--)
        {
            int j = Repairs - i + 1;
            failed += (_weightLost[i] * _tailLost[j]) + (_weightArrived[i] * _tailArrived[j]);
        }

        // More repairs never deliver less. What rounding says otherwise is not passed on.
        Delivered = Math.Max(Delivered, 1 - failed);
        return true;
    }

    // The chain starts in its stationary state: the packet before the group was lost with the chance that any is.
    private void CountLostSources(double loss)
    {
        _weightLost[0] = loss;
        _weightArrived[0] = 1 - loss;
        for (int sent = 1; sent <= _sources; sent++)
        {
            for (int i = sent; i > 0; i--)
            {
                double lost = (_weightLost[i - 1] * _lostAfterLost) + (_weightArrived[i - 1] * _lostAfterArrived);
                double arrived = (_weightLost[i] * (1 - _lostAfterLost)) + (_weightArrived[i] * (1 - _lostAfterArrived));
                _weightLost[i] = lost;
                _weightArrived[i] = arrived;
            }

            _weightArrived[0] = (_weightLost[0] * (1 - _lostAfterLost)) + (_weightArrived[0] * (1 - _lostAfterArrived));
            _weightLost[0] = 0;
        }

        for (int i = 0; i <= _sources; i++)
        {
            double share = (double)i / _sources;
            _weightLost[i] *= share;
            _weightArrived[i] *= share;
        }
    }

    private void LengthenTails()
    {
        // From the top, as each value needs the one below it from before.
        int last = Math.Max(1, Repairs - _sources + 1);
        for (int j = Repairs; j >= last; j--)
        {
            double oneLess = _tailLost[j - 1];
            double same = _tailArrived[j];
            _tailLost[j] = (_lostAfterLost * oneLess) + ((1 - _lostAfterLost) * same);
            _tailArrived[j] = (_lostAfterArrived * oneLess) + ((1 - _lostAfterArrived) * same);
        }
    }

    [InlineArray(RowLength)]
    private struct Row
    {
        private double _first;
    }
}
