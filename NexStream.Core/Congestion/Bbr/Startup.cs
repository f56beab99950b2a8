namespace NexStream.Core.Congestion.Bbr;

/// <summary>Startup: doubles the rate each round trip until the pipe is full (draft-ietf-ccwg-bbr §5.3.1).</summary>
internal static class Startup
{
    /// <summary>EnterStartup() (§5.3.1.1).</summary>
    public static void Enter(BbrState state) => state.Phase = BbrPhase.Startup;

    /// <summary>CheckStartupDone() (§5.3.1.1).</summary>
    public static void CheckDone(BbrState state)
    {
        CheckHighLoss(state);
        if (state.Phase == BbrPhase.Startup && state.FullPipe.IsReached)
        {
            Drain.Enter(state);
        }
    }

    /// <summary>
    /// CheckStartupHighLoss() (§5.3.1.3). The losses' round trip begins with the first of them, so that at its end the connection has been
    /// recovering for a whole round trip. A deviation: the losses exceed the threshold by more than chance explains, not just at all.
    /// </summary>
    private static void CheckHighLoss(BbrState state)
    {
        if (state.FullPipe.IsReached || !state.Signals.IsRoundStart || state.Signals.LostRanges < BbrConstants.StartupFullLossRanges
            || !LossResponse.IsBeyondChance(
                state.Sample.LostBytes + state.Signals.MarkedBytes,
                state.Sample.TransmitInFlight,
                state.FrameLength,
                LossResponse.StartupHalfDeviations))
        {
            return;
        }

        state.Episode.EndedPhase = BbrPhase.Startup;
        state.FullPipe.OnFull();
        state.LongTerm.Set(Math.Max(state.Bdp, state.Signals.InflightLatest));
    }
}
