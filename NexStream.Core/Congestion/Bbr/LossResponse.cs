using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>What losses, marks and refuted losses do to the model (draft-ietf-ccwg-bbr §5.5.10 and §5.5.11).</summary>
internal struct LossResponse
{
    /// <summary>
    /// Startup ends for good, so chance must not end it: two standard deviations. With random loss of 1.6 % each round trip of a few hundred packets
    /// is as likely as not to be above 2 %; a queue that overflows loses ten times that.
    /// </summary>
    public const int StartupHalfDeviations = 4;

    /// <summary>
    /// Half a standard deviation: a flight of five packets answers every loss, one of 150 the fourth. A wider margin would harm fairness: flows that do
    /// not answer losses do not make room for others.
    /// </summary>
    public const int ShortTermHalfDeviations = 1;

    // The first lost packet of the batch at hand with which the losses became too many, and what was in flight then.
    private bool _isTooHigh;
    private bool _isTooHighLimited;
    private long _inflightAtLoss;

    // Packets that the acknowledgement at hand reported as marked.
    private long _markedBytes;

    /// <summary>IsInflightTooHigh() (§5.5.10.2).</summary>
    public static bool IsInflightTooHigh(long lostBytes, long transmitInFlight) => lostBytes > BbrConstants.LossThreshold.Times(transmitInFlight);

    /// <summary>HandleLostPacket() (§5.5.10.2) as far as it concerns a single packet; <see cref="OnLost"/> follows and draws the conclusion.</summary>
    public void OnPacketLost(BbrState state, in LostPacket packet)
    {
        if (!state.IsProbeSample || _isTooHigh)
        {
            // Not sent by a probe, or the probe has been answered for.
            return;
        }

        long lost = RateSample.Volume(packet.SampleLostBytes);
        long inFlight = RateSample.Volume(packet.TransmitInFlight);
        if (IsInflightTooHigh(lost, inFlight))
        {
            _isTooHigh = true;
            _isTooHighLimited = packet.IsApplicationLimited || state.ProbeRtt.IsLimited(packet.PriorDelivered);
            _inflightAtLoss = InflightAtLoss(inFlight, lost, Math.Max(0, packet.Bytes));
        }
    }

    /// <summary>NoteLoss(), HandleInflightTooHigh() (§5.5.10.2) and OnEnterRTO() (§5.6.4.4).</summary>
    public void OnLost(BbrState state, in LostBatch batch)
    {
        state.Episode.OnLost(state, batch.LargestLostSentAt, RateSample.Volume(batch.LostBytes));
        state.Signals.NoteLoss(state.Delivered, RateSample.Volume(batch.LostBytes), batch.LostRanges);
        if (_isTooHigh)
        {
            _isTooHigh = false;
            HandleInflightTooHigh(state, _inflightAtLoss, _isTooHighLimited);
        }

        if (batch.PersistentCongestion)
        {
            // As after a retransmission time-out: room for one packet more than is in flight.
            state.Window = Math.Min(state.Window, state.InFlight + state.FrameLength);
        }
    }

    /// <summary>The network marked packets; the acknowledgement that says so follows.</summary>
    public void OnMarked(BbrState state, ulong count)
    {
        state.Episode.Confirm();
        long bytes = Arithmetic.MultiplyDivide((long)Math.Min(count, (ulong)BbrConstants.WindowLimit), state.FrameLength, 1);
        _markedBytes = Math.Min(_markedBytes + Math.Min(bytes, BbrConstants.WindowLimit), BbrConstants.WindowLimit);
    }

    /// <summary>
    /// The draft says only that marks must be treated as congestion (§3.7). So a marked packet counts as a lost one (RFC 9002 §7.1, RFC 8311 §4.1):
    /// in the rate of loss that ends a probe or Startup, and in the one that bounds the short-term model by what was delivered.
    /// </summary>
    public void ApplyMarks(BbrState state)
    {
        if (_markedBytes == 0)
        {
            return;
        }

        state.Signals.NoteMarks(state.Delivered, _markedBytes, state.FrameLength);
        _markedBytes = 0;
        long lost = state.Sample.LostBytes + state.Signals.MarkedBytes;
        if (state.IsProbeSample && IsInflightTooHigh(lost, state.Sample.TransmitInFlight))
        {
            HandleInflightTooHigh(state, state.Sample.TransmitInFlight, state.Sample.IsApplicationLimited);
        }
    }

    /// <summary>
    /// AdaptLowerBoundsFromCongestion() (§5.5.10.3). A deviation: only when a round surely lost more than the threshold. The draft slows down by what
    /// each round loses, however little: 1 % of random loss would cost a quarter of the rate in the 62 round trips until the next probe.
    /// </summary>
    public static void AdaptLowerBounds(BbrState state)
    {
        // A round that was cut short by a new phase is measured against a whole flight.
        long flight = Math.Max(state.Signals.LostBytes + state.Signals.AcknowledgedBytes, state.Sample.TransmitInFlight);
        if (state.IsAccelerating || !state.Signals.IsLossInRound
            || !IsBeyondChance(state.Signals.LostBytes, flight, state.FrameLength, ShortTermHalfDeviations))
        {
            return;
        }

        state.ShortTerm.Lower(state.Signals.BandwidthLatest, state.Signals.InflightLatest, state.MaxBandwidth.Max, state.Window);
    }

    /// <summary>
    /// Whether so much loss exceeds the threshold by more than chance makes of it: by so many halves of a standard deviation (Poisson: the variance is
    /// the expected number of packets).
    /// </summary>
    public static bool IsBeyondChance(long lostBytes, long flight, int frameLength, int halfDeviations)
    {
        long expected = BbrConstants.LossThreshold.Times(flight);
        Int128 excess = lostBytes - expected;
        return excess > 0 && 4 * excess * excess > (Int128)halfDeviations * halfDeviations * expected * frameLength;
    }

    /// <summary>HandleSpuriousLossDetection() (§5.5.11.2).</summary>
    public static void OnSpuriousLoss(BbrState state, Instant sentAt, long bytes)
    {
        if (!state.Episode.IsRefutedBy(sentAt, bytes))
        {
            return;
        }

        state.RestoreWindow();
        state.Signals.ClearLoss();
        state.FullPipe.Restart();
        state.ShortTerm.Restore(state.Episode.ShortTerm);
        state.LongTerm.Restore(state.Episode.LongTerm);
        BbrPhase? ended = state.Episode.EndedPhase;
        state.Episode.EndedPhase = null;
        if (ended == BbrPhase.Startup && state.Phase != BbrPhase.Startup)
        {
            state.FullPipe.Forget();
            if (state.Phase != BbrPhase.ProbeRtt)
            {
                Startup.Enter(state);
            }
        }
        else if (ended == BbrPhase.ProbeBandwidthUp && state.Phase is not (BbrPhase.ProbeBandwidthUp or BbrPhase.ProbeRtt))
        {
            ProbeBandwidth.EnterRefill(state);
        }
    }

    /// <summary>HandleInflightTooHigh() (§5.5.10.2).</summary>
    private static void HandleInflightTooHigh(BbrState state, long inflight, bool isApplicationLimited)
    {
        state.WasProbeTooHigh = true;
        state.IsProbeSample = false;
        if (!isApplicationLimited)
        {
            state.LongTerm.Set(Math.Max(inflight, BbrConstants.Beta.Times(state.TargetInflight)));
        }

        if (state.Phase == BbrPhase.ProbeBandwidthUp)
        {
            state.Episode.EndedPhase = BbrPhase.ProbeBandwidthUp;
            ProbeBandwidth.EnterDown(state);
        }
    }

    /// <summary>
    /// InflightAtLoss() (§5.5.10.2): what was in flight when the losses crossed the threshold, which may be in the middle of this packet:
    /// (threshold · before - lost before) / (1 - threshold) of it were still bearable.
    /// </summary>
    private static long InflightAtLoss(long inFlight, long lost, long size)
    {
        Gain threshold = BbrConstants.LossThreshold;
        long inFlightBefore = Math.Max(0, inFlight - size);
        long lostBefore = Math.Max(0, lost - size);
        long bearable = (inFlightBefore * threshold.Numerator) - (lostBefore * threshold.Denominator);
        return Math.Max(0, inFlightBefore + (bearable / (threshold.Denominator - threshold.Numerator)));
    }
}
