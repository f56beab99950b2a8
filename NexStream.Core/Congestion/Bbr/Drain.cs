namespace NexStream.Core.Congestion.Bbr;

/// <summary>Drain: lets the queue that Startup left behind run empty (draft-ietf-ccwg-bbr §5.3.2).</summary>
internal static class Drain
{
    /// <summary>EnterDrain().</summary>
    public static void Enter(BbrState state)
    {
        state.Phase = BbrPhase.Drain;
        state.DrainStartRound = state.Round.Count;
    }

    /// <summary>CheckDrainDone().</summary>
    public static void CheckDone(BbrState state)
    {
        if (state.Phase == BbrPhase.Drain
            && (state.InFlight <= state.Inflight(state.Bandwidth) || state.Round.Count > state.DrainStartRound + BbrConstants.DrainRounds))
        {
            ProbeBandwidth.EnterDown(state);
        }
    }
}
