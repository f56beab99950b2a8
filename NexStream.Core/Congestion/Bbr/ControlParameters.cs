using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>From the model to what the sender obeys: pacing rate, send quantum and window (draft-ietf-ccwg-bbr §5.6).</summary>
internal static class ControlParameters
{
    /// <summary>InitPacingRate() (§5.6.2).</summary>
    /// <param name="state">The model.</param>
    /// <param name="rttNs">The first round-trip time; 0 before it.</param>
    public static void InitializePacingRate(BbrState state, long rttNs)
    {
        long nominal = Arithmetic.Rate(state.InitialWindow, rttNs > 0 ? rttNs : BbrConstants.NominalRttNs);
        state.PacingRate = LimitRate(BbrConstants.PacingGain(BbrPhase.Startup).Times(nominal));
    }

    /// <summary>UpdateControlParameters() (§5.2.3).</summary>
    public static void Update(BbrState state)
    {
        SetPacingRate(state, BbrConstants.PacingGain(state.Phase));
        SetSendQuantum(state);
        SetWindow(state);
    }

    /// <summary>SetPacingRateWithGain() (§5.6.2): until the pipe has been full the rate only rises.</summary>
    public static void SetPacingRate(BbrState state, Gain gain)
    {
        long rate = LimitRate(BbrConstants.PacingMargin.Times(gain.Times(state.Bandwidth)));
        if (state.Bandwidth > 0 && (state.FullPipe.IsReached || rate > state.PacingRate))
        {
            state.PacingRate = rate;
        }
    }

    private static long LimitRate(long rate) => Math.Clamp(rate, 1, BbrConstants.RateLimit);

    /// <summary>SetSendQuantum() (§5.6.3).</summary>
    private static void SetSendQuantum(BbrState state)
    {
        long quantum = Math.Min(Arithmetic.Volume(state.PacingRate, BbrConstants.SendQuantumNs), BbrConstants.SendQuantumMax);
        state.SendQuantum = Math.Max(quantum, (long)BbrConstants.SendQuantumFramesMin * state.FrameLength);
    }

    /// <summary>SetCwnd() (§5.6.4.6).</summary>
    private static void SetWindow(BbrState state)
    {
        long maxInflight = MaxInflight(state);
        long grown = Math.Min(state.Window + state.Sample.NewlyAcknowledged, BbrConstants.WindowLimit);
        if (state.FullPipe.IsReached)
        {
            state.Window = Math.Min(grown, maxInflight);
        }
        else if (state.Episode.IsActive && IsLossHigh(state))
        {
            // A deviation: in Startup, where each round trip doubles what is sent, too much loss makes the window follow what is delivered
            // (packet conservation, RFC 6937) during the round trip that §5.3.1.3 waits before it believes the loss.
            state.Window = Math.Min(state.Window, state.InFlight + state.Sample.NewlyAcknowledged);
        }
        else if (state.Window < maxInflight || state.Delivered < state.InitialWindow)
        {
            state.Window = grown;
        }

        state.Window = Math.Max(state.Window, state.MinPipeWindow);
        if (state.Phase == BbrPhase.ProbeRtt)
        {
            // BoundCwndForProbeRTT() (§5.6.4.5).
            state.Window = Math.Min(state.Window, ProbeRtt.Window(state));
        }

        BoundWindowForModel(state);
    }

    private static bool IsLossHigh(BbrState state) => LossResponse.IsBeyondChance(
        state.Sample.LostBytes, state.Sample.TransmitInFlight, state.FrameLength, LossResponse.StartupHalfDeviations);

    /// <summary>UpdateMaxInflight() (§5.6.4.2).</summary>
    private static long MaxInflight(BbrState state)
    {
        long inflight = BbrConstants.WindowGain(state.Phase).Times(state.Bdp) + state.Aggregation.ExtraAcked;
        return Math.Min(state.WithQuantization(inflight), BbrConstants.WindowLimit);
    }

    /// <summary>BoundCwndForModel() (§5.6.4.7).</summary>
    private static void BoundWindowForModel(BbrState state)
    {
        long cap = BbrConstants.Unlimited;
        if (state.Phase is BbrPhase.ProbeRtt or BbrPhase.ProbeBandwidthCruise)
        {
            cap = state.LongTerm.WithHeadroom(state.FrameLength);
        }
        else if (state.IsProbingBandwidthCycle)
        {
            cap = state.LongTerm.Inflight;
        }

        // A deviation: losses do not push the window below what keeps the pipe full with acknowledgements as lumpy as they are. Below it the sender
        // stops between acknowledgements and then sends in bursts, which overflow a short queue: the bound would fall because it is low.
        long floor = Math.Max(state.Bdp + state.Aggregation.ExtraAcked, state.MinPipeWindow);
        state.Window = Math.Min(state.Window, Math.Max(Math.Min(cap, state.ShortTerm.Inflight), floor));
    }
}
