namespace NexStream.Core.Congestion.Bbr;

/// <summary>ProbeBW: slower, as fast, and faster than the path delivers, in turn (draft-ietf-ccwg-bbr §5.3.3).</summary>
internal static class ProbeBandwidth
{
    /// <summary>StartProbeBW_DOWN() (§5.3.3.9).</summary>
    public static void EnterDown(BbrState state)
    {
        state.Signals.Reset();
        state.LongTerm.StopGrowth();
        state.Clock.Start(state.Now);
        state.AckPhase = AckPhase.ProbeStopping;
        state.StartRound();
        state.Phase = BbrPhase.ProbeBandwidthDown;
    }

    /// <summary>StartProbeBW_CRUISE() (§5.3.3.9).</summary>
    public static void EnterCruise(BbrState state) => state.Phase = BbrPhase.ProbeBandwidthCruise;

    /// <summary>StartProbeBW_REFILL() (§5.3.3.9).</summary>
    public static void EnterRefill(BbrState state)
    {
        state.ShortTerm.Reset();
        state.LongTerm.ResetGrowth();
        state.WasProbePrecautionary = false;
        state.AckPhase = AckPhase.Refilling;
        state.StartRound();
        state.Phase = BbrPhase.ProbeBandwidthRefill;
    }

    /// <summary>UpdateProbeBWCyclePhase() (§5.3.3.9).</summary>
    public static void Update(BbrState state)
    {
        if (!state.FullPipe.IsReached || AdaptLongTermModel(state))
        {
            return;
        }

        switch (state.Phase)
        {
            case BbrPhase.ProbeBandwidthDown:
                if (!TryProbe(state) && IsTimeToCruise(state))
                {
                    EnterCruise(state);
                }

                break;
            case BbrPhase.ProbeBandwidthCruise:
                TryProbe(state);
                break;
            case BbrPhase.ProbeBandwidthRefill:
                if (state.Round.IsStart)
                {
                    state.IsProbeSample = true;
                    EnterUp(state);
                }

                break;
            case BbrPhase.ProbeBandwidthUp:
                if (IsTimeToGoDown(state))
                {
                    state.WasProbeTooHigh = false;
                    EnterDown(state);
                }

                break;
        }
    }

    /// <summary>StartProbeBW_UP() (§5.3.3.9).</summary>
    private static void EnterUp(BbrState state)
    {
        state.AckPhase = AckPhase.ProbeStarting;
        state.StartRound();
        state.FullPipe.Restart(state.Sample.DeliveryRate);
        state.Phase = BbrPhase.ProbeBandwidthUp;
        state.LongTerm.Steepen(state.Window, state.FrameLength);
    }

    /// <summary>IsTimeToProbeBW() (§5.3.3.8).</summary>
    private static bool TryProbe(BbrState state)
    {
        if (!state.Clock.IsDue(state.Now, state.TargetInflight, state.FrameLength))
        {
            return false;
        }

        EnterRefill(state);
        return true;
    }

    /// <summary>IsTimeToCruise() (§5.3.3.9).</summary>
    private static bool IsTimeToCruise(BbrState state) =>
        state.InFlight <= state.LongTerm.WithHeadroom(state.FrameLength) && state.InFlight <= state.Inflight(state.MaxBandwidth.Max);

    /// <summary>IsTimeToGoDown() (§5.3.3.9); that losses end the phase is <see cref="LossResponse"/>'s.</summary>
    private static bool IsTimeToGoDown(BbrState state)
    {
        if (state.WasProbeTooHigh && state.PriorInFlight >= state.LongTerm.Inflight)
        {
            // §5.3.3.6: the last probe went too far, so this one only goes as far as that.
            state.WasProbePrecautionary = true;
            return true;
        }

        if (IsLimitedByLongTerm(state))
        {
            // The bound, and not the path, keeps the rate from growing.
            state.FullPipe.Restart(state.Sample.DeliveryRate);
            return false;
        }

        return state.FullPipe.IsNow;
    }

    private static bool IsLimitedByLongTerm(BbrState state) => state.WindowUse.IsLimited && state.Window >= state.LongTerm.Inflight;

    /// <summary>AdaptLongTermModel() (§5.3.3.9). True: it changed the phase.</summary>
    private static bool AdaptLongTermModel(BbrState state)
    {
        if (state.AckPhase == AckPhase.ProbeStarting && state.Round.IsStart)
        {
            state.AckPhase = AckPhase.ProbeFeedback;
        }

        if (state.AckPhase == AckPhase.ProbeStopping && state.Round.IsStart && EndFeedback(state))
        {
            return true;
        }

        if (!state.LongTerm.IsKnown || LossResponse.IsInflightTooHigh(state.Sample.LostBytes, state.Sample.TransmitInFlight))
        {
            return false;
        }

        state.LongTerm.RaiseTo(state.Sample.TransmitInFlight);
        if (state.Phase == BbrPhase.ProbeBandwidthUp && IsLimitedByLongTerm(state))
        {
            state.LongTerm.Grow(state.Sample.NewlyAcknowledged, state.Round.IsStart, state.Window, state.FrameLength);
        }

        return false;
    }

    /// <summary>The last packet of the probe has been acknowledged. True: the next one follows at once (§5.3.3.6).</summary>
    private static bool EndFeedback(BbrState state)
    {
        state.IsProbeSample = false;
        state.AckPhase = AckPhase.Init;
        if (!state.IsProbingBandwidthCycle)
        {
            return false;
        }

        if (!state.Sample.IsApplicationLimited)
        {
            state.MaxBandwidth.Advance();
        }

        if (!state.WasProbePrecautionary || state.WasProbeTooHigh)
        {
            return false;
        }

        EnterRefill(state);
        return true;
    }
}
