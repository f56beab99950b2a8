using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// All that BBR knows: the connection ("C."), the acknowledgement at hand ("RS.") and the model ("BBR.") of draft-ietf-ccwg-bbr §2. Bytes, bytes per
/// second, nanoseconds.
/// </summary>
internal sealed class BbrState
{
    /// <summary>C.SMSS.</summary>
    public int FrameLength;

    /// <summary>C.InitialCwnd.</summary>
    public long InitialWindow;

    /// <summary>Never goes back.</summary>
    public Instant Now;

    /// <summary>C.delivered.</summary>
    public long Delivered;

    /// <summary>C.inflight.</summary>
    public long InFlight;

    /// <summary>
    /// C.inflight before the acknowledgement at hand. What it took off may be a dozen packets: only this says how much was in flight at most.
    /// </summary>
    public long PriorInFlight;

    /// <summary>C.cwnd; what may be in flight is this, rounded up to whole packets.</summary>
    public long Window;

    /// <summary>C.pacing_rate.</summary>
    public long PacingRate;

    /// <summary>C.send_quantum.</summary>
    public long SendQuantum;

    /// <summary>C.is_cwnd_limited.</summary>
    public WindowUse WindowUse;

    /// <summary>RS.</summary>
    public RateSample Sample;

    /// <summary>BBR.state.</summary>
    public BbrPhase Phase;

    /// <summary>BBR.ack_phase.</summary>
    public AckPhase AckPhase;

    /// <summary>BBR.bw: the smaller of what the path can deliver and what losses say is safe.</summary>
    public long Bandwidth;

    public RoundCounter Round;
    public MaxBandwidthFilter MaxBandwidth;
    public MinRttFilter MinRtt;
    public AckAggregation Aggregation;
    public FullPipeDetector FullPipe;
    public DeliverySignals Signals;
    public ShortTermModel ShortTerm;
    public LongTermModel LongTerm;
    public LossEpisode Episode;
    public ProbeClock Clock;
    public ProbeRttTimer ProbeRtt;

    /// <summary>BBR.drain_start_round.</summary>
    public long DrainStartRound;

    /// <summary>BBR.idle_restart.</summary>
    public bool IsIdleRestart;

    /// <summary>BBR.is_bw_probe_sample.</summary>
    public bool IsProbeSample;

    /// <summary>BBR.prev_probe_too_high.</summary>
    public bool WasProbeTooHigh;

    /// <summary>BBR.prev_probe_precautionary.</summary>
    public bool WasProbePrecautionary;

    /// <summary>BBR.MinPipeCwnd.</summary>
    public long MinPipeWindow => (long)BbrConstants.MinPipeFrames * FrameLength;

    /// <summary>BBR.bdp.</summary>
    public long Bdp => MinRtt.HasSample ? Math.Min(Arithmetic.Volume(Bandwidth, MinRtt.Ns), BbrConstants.WindowLimit) : InitialWindow;

    /// <summary>Whether the phase is one of the four of ProbeBW.</summary>
    public bool IsProbingBandwidthCycle => Phase
        is BbrPhase.ProbeBandwidthDown or BbrPhase.ProbeBandwidthCruise or BbrPhase.ProbeBandwidthRefill or BbrPhase.ProbeBandwidthUp;

    /// <summary>IsProbingBW(): the phase tries to send more than is known to be safe.</summary>
    public bool IsAccelerating => Phase is BbrPhase.Startup or BbrPhase.ProbeBandwidthRefill or BbrPhase.ProbeBandwidthUp;

    /// <summary>TargetInflight() (§5.3.3.8).</summary>
    public long TargetInflight => Math.Min(Bdp, Window);

    public void Reset(in CongestionParameters parameters)
    {
        FrameLength = parameters.FrameLength;
        InitialWindow = Math.Clamp(parameters.InitialWindow, CongestionParameters.MinimumWindowFor(FrameLength), BbrConstants.WindowLimit);
        Now = parameters.Now;
        Delivered = 0;
        InFlight = 0;
        PriorInFlight = 0;
        Window = InitialWindow;
        SendQuantum = 0;
        WindowUse = default;
        Sample = default;
        AckPhase = AckPhase.Init;
        Bandwidth = 0;
        Round = default;
        MaxBandwidth = default;
        MinRtt = MinRttFilter.Start(Now);
        Aggregation = default;
        Aggregation.StartInterval(Now);
        FullPipe = default;
        Signals = default;
        ShortTerm.Reset();
        LongTerm = LongTermModel.Start();
        Episode = LossEpisode.None;
        Clock = new ProbeClock(parameters.Seed);
        ProbeRtt = default;
        DrainStartRound = 0;
        IsIdleRestart = false;
        IsProbeSample = false;
        WasProbeTooHigh = false;
        WasProbePrecautionary = false;
    }

    /// <summary>StartRound().</summary>
    public void StartRound() => Round.Start(Delivered);

    /// <summary>RestoreCwnd() (§5.6.4.4).</summary>
    public void RestoreWindow() => Window = Math.Max(Window, Episode.PriorWindow);

    /// <summary>Inflight(bw, gain) (§5.6.4.2).</summary>
    public long Inflight(long bandwidth) =>
        WithQuantization(MinRtt.HasSample ? Math.Min(Arithmetic.Volume(bandwidth, MinRtt.Ns), BbrConstants.WindowLimit) : InitialWindow);

    /// <summary>QuantizationBudget() (§5.6.4.2), with the offload budget that §5.5.8.2 has for QUIC: one send quantum.</summary>
    public long WithQuantization(long inflight)
    {
        inflight = Math.Max(Math.Max(inflight, SendQuantum), MinPipeWindow);
        return Phase == BbrPhase.ProbeBandwidthUp ? inflight + ((long)BbrConstants.ProbeUpFrames * FrameLength) : inflight;
    }
}
