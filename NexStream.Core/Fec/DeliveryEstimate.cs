namespace NexStream.Core.Fec;

/// <summary>
/// What a sender believes of its path and of what it owes, from the receiver's reports. Counts fade, so that the latest
/// <see cref="Memory"/> messages count most; a loss rate that moves is noticed within <see cref="ShortMemory"/> and the rest forgotten.
/// </summary>
internal struct DeliveryEstimate
{
    // The rate of one loss in ten is then known to 0.0023 (a standard deviation), a quarter of the point that a delivered share may be off.
    private const double Memory = 16_384;
    private const double ShortMemory = 1024;

    // Fewer than one false alarm in ten thousand, were losses independent and counts normal.
    private const double AlarmDeviations = 4;

    private const double KeptAtAlarm = 1.0 / 8;

    // What is owed is paid within as many messages; so many may be owed that one message in 16 is added.
    private const double DebtHorizon = 8192;
    private const double DebtMax = DebtHorizon / 16;

    private Counts _long;
    private Counts _short;
    private double _debt;
    private ulong _received;
    private ulong _lost;
    private ulong _recovered;

    /// <summary>Messages that the receiver reports as received, lost by the path, and of those recovered.</summary>
    public readonly ulong Received => _received;

    public readonly ulong Lost => _lost;

    public readonly ulong Recovered => _recovered;

    /// <summary>How the path loses, as far as is known: without a report not at all.</summary>
    public readonly LossModel Path => new(_long.Loss, _long.MeanRun);

    /// <summary>How far above the share that is wanted to aim, because less was delivered.</summary>
    public readonly double Boost => _debt / DebtHorizon;

    /// <summary>
    /// A report. False: it cannot be true, as it speaks of more messages than were <paramref name="sent"/>. One that is older than the last changes nothing.
    /// </summary>
    /// <param name="received">Messages that arrived by themselves.</param>
    /// <param name="lost">Messages that did not.</param>
    /// <param name="recovered">Of those, how many came back by repair.</param>
    /// <param name="meanRunQ8">The mean run of losses since the last report, in 1/256; 0: none ended.</param>
    /// <param name="sent">Messages sent.</param>
    /// <param name="aim">The share that is to be delivered, of those sent; 0: nothing is owed.</param>
    public bool TryAdd(ulong received, ulong lost, ulong recovered, uint meanRunQ8, ulong sent, double aim)
    {
        if (received > sent || lost > sent - received || recovered > lost)
        {
            return false;
        }

        if (received + lost <= _received + _lost || received < _received || received + recovered < _received + _recovered)
        {
            return true;
        }

        double arrived = received - _received;
        double missed = (double)lost - _lost;
        double delivered = (received + recovered) - (_received + _recovered);
        (_received, _lost, _recovered) = (received, lost, recovered);
        double runs = meanRunQ8 > 0 ? missed * 256 / meanRunQ8 : 0;
        _long.Add(arrived, missed, runs, Memory);
        _short.Add(arrived, missed, runs, ShortMemory);
        if (_short.DiffersFrom(_long))
        {
            // The short count is still half of what was: it goes on with little weight, so that what comes now decides.
            _short.Fade(KeptAtAlarm);
            _long = _short;
        }

        _debt = aim > 0 ? Math.Clamp(_debt + (aim * (arrived + missed)) - delivered, 0, DebtMax) : 0;
        return true;
    }

    private struct Counts
    {
        private double _arrived;
        private double _missed;
        private double _runs;

        public readonly double Loss => _missed > 0 ? _missed / (_arrived + _missed) : 0;

        public readonly double MeanRun => _runs > 0 ? _missed / _runs : 0;

        public void Add(double arrived, double missed, double runs, double memory)
        {
            // A message that came late is no loss any more: what was counted as one goes.
            _arrived += arrived;
            _missed = Math.Max(_missed + missed, 0);
            _runs = Math.Clamp(_runs + runs, 0, _missed);
            double total = _arrived + _missed;
            if (total > memory)
            {
                Fade(memory / total);
            }
        }

        public void Fade(double kept)
        {
            _arrived *= kept;
            _missed *= kept;
            _runs *= kept;
        }

        /// <summary>Whether these, of fewer messages, are so far from the others that it is no chance. Losses in runs vary as their runs do.</summary>
        public readonly bool DiffersFrom(in Counts other)
        {
            double total = _arrived + _missed;
            double run = Math.Max(other.MeanRun, 1);
            double variance = Math.Max(other.Loss * (1 - other.Loss) * run, 1 / total) / total;
            double distance = Loss - other.Loss;
            return total >= ShortMemory && distance * distance > AlarmDeviations * AlarmDeviations * variance;
        }
    }
}
