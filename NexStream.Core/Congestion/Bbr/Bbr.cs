using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion.Bbr;

/// <summary>
/// BBRv3 (draft-ietf-ccwg-bbr): sends as fast as the path delivers, and keeps about as much in flight as the path holds. The model is
/// <see cref="BbrState"/>; here is only the order in which an event changes it. All arithmetic is in integers: a run replays bit for bit.
/// </summary>
internal sealed class Bbr : ICongestionController
{
    public const string ControllerName = "bbr";

    private LossResponse _loss;
    private long _latestRttNs;

    public string Name => ControllerName;

    /// <summary>The model, for tests and traces.</summary>
    public BbrState State { get; } = new();

    /// <summary>Rounded up to whole packets: of a part of one nothing could be sent, and with a window of few packets that part is much.</summary>
    public long CongestionWindow
    {
        get
        {
            long frames = (State.Window + State.FrameLength - 1) / State.FrameLength;
            return frames * State.FrameLength;
        }
    }

    /// <summary>BBR has no such threshold; before the pipe has been full it is as if it were unknown.</summary>
    public long SlowStartThreshold => State.FullPipe.IsReached ? 0 : long.MaxValue;

    public long PacingRate => State.PacingRate;

    public long DeliveryRate => State.Bandwidth;

    public long QueueingDelayNs => State.MinRtt.HasSample ? Math.Max(0, _latestRttNs - State.MinRtt.Ns) : 0;

    /// <summary>OnInit() (§5.2.1).</summary>
    public void Reset(in CongestionParameters parameters)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.FrameLength, 1, nameof(parameters));
        State.Reset(parameters);
        _loss = default;
        _latestRttNs = 0;
        ControlParameters.InitializePacingRate(State, rttNs: 0);
        Startup.Enter(State);
    }

    /// <summary>OnTransmit() (§5.2.2).</summary>
    public void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited)
    {
        Advance(now);
        State.InFlight = RateSample.Volume(bytesInFlight);
        if (bytesInFlight <= bytes && (isApplicationLimited || State.ProbeRtt.IsLimited(State.Delivered)))
        {
            RestartFromIdle();
        }

        NoteWindowUse(State.InFlight);
    }

    /// <summary>UpdateOnACK() (§5.2.3).</summary>
    public void OnAcknowledged(in AcknowledgedBatch batch)
    {
        Advance(batch.Now);
        State.PriorInFlight = RateSample.Volume(batch.PriorBytesInFlight);
        NoteWindowUse(State.PriorInFlight);
        State.Delivered = Math.Max(State.Delivered, RateSample.Count(batch.Delivered));
        State.InFlight = RateSample.Volume(batch.BytesInFlight);
        State.Sample = new RateSample(batch, batch.IsApplicationLimited || State.ProbeRtt.IsLimited(RateSample.Count(batch.PriorDelivered)));
        NoteRtt(batch);
        if (State.Episode.IsEndedBy(batch.LargestAcknowledgedSentAt))
        {
            State.RestoreWindow();
        }

        UpdateModelAndState();
        ControlParameters.Update(State);
    }

    /// <summary>HandleLostPacket() (§5.2.4).</summary>
    public void OnPacketLost(in LostPacket packet) => _loss.OnPacketLost(State, packet);

    /// <summary>The rest of HandleLostPacket(): only the batch says how much has been delivered.</summary>
    public void OnLost(in LostBatch batch)
    {
        Advance(batch.Now);
        State.Delivered = Math.Max(State.Delivered, RateSample.Count(batch.Delivered));
        State.InFlight = RateSample.Volume(batch.BytesInFlight);
        _loss.OnLost(State, batch);
        State.Window = Math.Max(State.Window, CongestionParameters.MinimumWindowFor(State.FrameLength));
    }

    /// <inheritdoc />
    public void OnCongestionExperienced(Instant now, Instant sentAt, ulong newCeCount)
    {
        Advance(now);
        _loss.OnMarked(State, newCeCount);
    }

    /// <summary>HandleSpuriousLossDetection() (§5.2.5).</summary>
    public void OnSpuriousLoss(Instant now, Instant sentAt, long bytes)
    {
        Advance(now);
        LossResponse.OnSpuriousLoss(State, sentAt, bytes);
    }

    /// <inheritdoc />
    public void OnFrameLengthChanged(int frameLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frameLength, 1);
        State.FrameLength = frameLength;
        State.Window = Math.Max(State.Window, CongestionParameters.MinimumWindowFor(frameLength));
    }

    /// <summary>UpdateModelAndState() (§5.2.3).</summary>
    private void UpdateModelAndState()
    {
        _loss.ApplyMarks(State);
        State.Signals.Update(State.Sample, State.Delivered);
        UpdateCongestionSignals();
        State.Aggregation.Update(State);
        State.FullPipe.Update(State.Sample, State.Round.IsStart);
        Startup.CheckDone(State);
        Drain.CheckDone(State);
        ProbeBandwidth.Update(State);
        State.MinRtt.Update(State.Now, State.Sample.RttNs, State.Phase == BbrPhase.Startup);
        ProbeRtt.Check(State);
        State.Signals.Advance(State.Sample);
        State.Bandwidth = Math.Min(State.MaxBandwidth.Max, State.ShortTerm.Bandwidth);
    }

    /// <summary>UpdateCongestionSignals() (§5.5.10.3) with UpdateMaxBw() (§5.5.5) and UpdateRound() (§5.5.1).</summary>
    private void UpdateCongestionSignals()
    {
        State.Round.Update(State.Sample.PriorDelivered, State.Delivered);
        if (State.Round.IsStart)
        {
            State.Clock.OnRoundStart();
            State.WindowUse.OnRoundStart();
        }

        State.MaxBandwidth.Update(State.Sample);
        if (State.Signals.IsRoundStart)
        {
            LossResponse.AdaptLowerBounds(State);
            State.Signals.ClearLoss();
        }
    }

    /// <summary>HandleRestartFromIdle() (§5.4.1). The path tells of a packet when it has left; the rate counts from the next one on.</summary>
    private void RestartFromIdle()
    {
        State.IsIdleRestart = true;
        State.Aggregation.StartInterval(State.Now);
        if (State.IsProbingBandwidthCycle)
        {
            ControlParameters.SetPacingRate(State, Gain.One);
        }
        else if (State.Phase == BbrPhase.ProbeRtt)
        {
            ProbeRtt.CheckDone(State);
        }
    }

    /// <summary>The first sample replaces the nominal round trip behind the initial pacing rate (§5.6.2).</summary>
    private void NoteRtt(in AcknowledgedBatch batch)
    {
        if (batch.LatestRttNs > 0)
        {
            _latestRttNs = batch.LatestRttNs;
        }

        if (State.Sample.RttNs > 0 && !State.MinRtt.HasSample)
        {
            ControlParameters.InitializePacingRate(State, State.Sample.RttNs);
        }
    }

    private void NoteWindowUse(long bytesInFlight)
    {
        if (bytesInFlight + State.FrameLength > CongestionWindow)
        {
            State.WindowUse.OnFull();
        }
    }

    /// <summary>A clock that goes backwards stands still.</summary>
    private void Advance(Instant now) => State.Now = Instant.Max(State.Now, now);
}
