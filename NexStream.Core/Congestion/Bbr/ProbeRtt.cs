namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// ProbeRTT: for a moment little is in flight, so that the queues are empty and the round trip is what the path makes it (draft-ietf-ccwg-bbr §5.3.4).
/// </summary>
internal static class ProbeRtt
{
    /// <summary>CheckProbeRTT() (§5.3.4.3).</summary>
    public static void Check(BbrState state)
    {
        if (state.Phase != BbrPhase.ProbeRtt && state.MinRtt.IsProbeDue && !state.IsIdleRestart)
        {
            Enter(state);
        }

        if (state.Phase == BbrPhase.ProbeRtt)
        {
            Handle(state);
        }

        if (state.Sample.Delivered > 0)
        {
            state.IsIdleRestart = false;
        }
    }

    /// <summary>CheckProbeRTTDone() (§5.3.4.3).</summary>
    public static void CheckDone(BbrState state)
    {
        if (state.ProbeRtt.IsOver(state.Now))
        {
            state.MinRtt.OnProbed(state.Now);
            state.RestoreWindow();
            Exit(state);
        }
    }

    /// <summary>ProbeRTTCwnd() (§5.6.4.5).</summary>
    public static long Window(BbrState state) =>
        Math.Max(BbrConstants.WindowGain(BbrPhase.ProbeRtt).Times(state.Bdp), state.MinPipeWindow);

    /// <summary>EnterProbeRTT() (§5.3.4.3).</summary>
    private static void Enter(BbrState state)
    {
        state.Episode.SaveWindow(state.Window, state.Phase);
        state.Phase = BbrPhase.ProbeRtt;
        state.ProbeRtt.Enter(state.Delivered);
        state.AckPhase = AckPhase.ProbeStopping;
        state.StartRound();
    }

    /// <summary>HandleProbeRTT() (§5.3.4.3).</summary>
    private static void Handle(BbrState state)
    {
        state.ProbeRtt.MarkLimited(state.Delivered, state.InFlight);
        if (!state.ProbeRtt.IsRunning)
        {
            if (state.InFlight <= Window(state))
            {
                state.ProbeRtt.Run(state.Now);
                state.StartRound();
            }

            return;
        }

        if (state.Round.IsStart)
        {
            state.ProbeRtt.OnRoundDone();
        }

        if (state.ProbeRtt.IsRoundDone)
        {
            CheckDone(state);
        }
    }

    /// <summary>ExitProbeRTT() (§5.3.4.4).</summary>
    private static void Exit(BbrState state)
    {
        state.ShortTerm.Reset();
        if (state.FullPipe.IsReached)
        {
            // The bandwidth is not probed at once; and there is no queue to run empty.
            ProbeBandwidth.EnterDown(state);
            ProbeBandwidth.EnterCruise(state);
        }
        else
        {
            Startup.Enter(state);
        }
    }
}
