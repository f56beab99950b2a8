using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>
/// CUBIC (RFC 9438) with the recovery periods, the persistent congestion and the window limits of RFC 9002 §7.
/// All arithmetic is in integers: a run replays bit for bit on any machine.
/// </summary>
internal sealed class Cubic : ICongestionController
{
    public const string ControllerName = "cubic";

    // Earlier than anything sent: no recovery period yet.
    private static readonly Instant s_beforeEverything = new(long.MinValue);

    private CubicEpoch _epoch;
    private HyStart _hyStart;
    private FlightPeak _flight;
    private PathEstimate _estimate;
    private long _window;
    private int _frameLength;
    private long _smoothedRttNs;

    // Everything sent up to here belongs to a congestion event that has been answered (RFC 9002 §7.3.2).
    private Instant _recoveryStart;

    // Up to here it is known whether the window was used.
    private Instant _accountedTo;

    // What spurious loss restores (RFC 9438 §4.9.2), and how many lost bytes still speak for the congestion event; 0: it stands.
    private CubicEpoch _undoEpoch;
    private long _undoWindow;
    private long _undoThreshold;
    private Instant _undoRecoveryStart;
    private long _undoLostBytes;

    public string Name => ControllerName;

    public long CongestionWindow => _window;

    public long SlowStartThreshold { get; private set; }

    public long PacingRate { get; private set; }

    public long DeliveryRate => _estimate.DeliveryRate;

    public long QueueingDelayNs => _estimate.QueueingDelayNs;

    private long MinimumWindow => CongestionParameters.MinimumWindowFor(_frameLength);

    public void Reset(in CongestionParameters parameters)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.FrameLength, 1, nameof(parameters));
        _frameLength = parameters.FrameLength;
        _window = Math.Clamp(parameters.InitialWindow, MinimumWindow, CubicCurve.WindowLimit);
        SlowStartThreshold = long.MaxValue;
        PacingRate = 0;
        _epoch = default;
        _hyStart = HyStart.Create();
        _flight = default;
        _estimate = default;
        _smoothedRttNs = 0;
        _recoveryStart = s_beforeEverything;
        _accountedTo = parameters.Now;
        _undoLostBytes = 0;
    }

    public void OnPacketsSent(Instant now, long bytes, long bytesInFlight, ulong packetNumber, bool isApplicationLimited)
    {
        _flight.OnSent(bytesInFlight);
        if (bytesInFlight <= bytes)
        {
            // Nothing was in flight before this packet: the path was idle since the last acknowledgement.
            _epoch.Skip(AccountFor(now));
        }
    }

    public void OnAcknowledged(in AcknowledgedBatch batch)
    {
        _estimate.Update(batch);
        _flight.OnAcknowledged(batch);
        _smoothedRttNs = Math.Max(0, batch.SmoothedRttNs);
        long elapsedNs = AccountFor(batch.Now);
        if (!IsWindowUsed(batch))
        {
            _epoch.Skip(elapsedNs);
        }
        else if (batch.LargestAcknowledgedSentAt > _recoveryStart)
        {
            Grow(batch);
        }

        UpdatePacingRate();
    }

    public void OnLost(in LostBatch batch)
    {
        if (batch.LargestLostSentAt > _recoveryStart)
        {
            SaveForUndo(batch.LostBytes);
            EnterRecovery(batch.Now);
        }
        else if (_undoLostBytes > 0)
        {
            _undoLostBytes += batch.LostBytes;
        }

        if (batch.PersistentCongestion)
        {
            // RFC 9002 §7.6.2: as TCP after a retransmission time-out. What is lost from here on is a new congestion event.
            _window = MinimumWindow;
            _recoveryStart = s_beforeEverything;
            _epoch.Forget();
            _undoLostBytes = 0;
        }

        UpdatePacingRate();
    }

    public void OnCongestionExperienced(Instant now, Instant sentAt, ulong newCeCount)
    {
        // The network itself says that it is congested: nothing that arrives late refutes that.
        _undoLostBytes = 0;
        if (sentAt > _recoveryStart)
        {
            EnterRecovery(now);
            UpdatePacingRate();
        }
    }

    public void OnSpuriousLoss(Instant now, Instant sentAt, long bytes)
    {
        bool isOfThisEvent = sentAt <= _recoveryStart && sentAt > _undoRecoveryStart;
        if (_undoLostBytes <= 0 || !isOfThisEvent)
        {
            return;
        }

        _undoLostBytes -= bytes;
        if (_undoLostBytes <= 0 && _window < _epoch.PriorWindow)
        {
            // Not a single packet was lost: there was no congestion (RFC 9438 §4.9.2). The recovery period is undone too, so that real
            // loss among the same packets is still answered.
            _window = _undoWindow;
            SlowStartThreshold = _undoThreshold;
            _epoch = _undoEpoch;
            _recoveryStart = _undoRecoveryStart;
            UpdatePacingRate();
        }
    }

    public void OnFrameLengthChanged(int frameLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frameLength, 1);
        _frameLength = frameLength;
        _window = Math.Max(_window, MinimumWindow);
        UpdatePacingRate();
    }

    /// <summary>Nanoseconds since this was last asked; a clock that goes backwards stands still.</summary>
    private long AccountFor(Instant now)
    {
        long elapsedNs = Math.Max(0, now - _accountedTo);
        _accountedTo = Instant.Max(_accountedTo, now);
        return elapsedNs;
    }

    /// <summary>
    /// Whether the window limited the sender. If it did not, its size is not tested by what was acknowledged and must not grow
    /// (RFC 9002 §7.8, RFC 9438 §5.8). A sender whose flight comes within one packet of the window is limited by it whatever else is said of it, and in slow start one
    /// that fills more than half: it shall find twice that, as in Linux (tcp_is_cwnd_limited).
    /// </summary>
    private bool IsWindowUsed(in AcknowledgedBatch batch) =>
        !batch.IsApplicationLimited || _flight.Bytes >= _window - _frameLength || (_window < SlowStartThreshold && _flight.Bytes > _window / 2);

    private void Grow(in AcknowledgedBatch batch)
    {
        long bytes = Math.Clamp(batch.AcknowledgedBytes, 0, CubicCurve.WindowLimit);
        if (SlowStartThreshold == long.MaxValue)
        {
            // HyStart++ is for the first slow start alone (RFC 9406 §4.3). When it ends there was no congestion: only the threshold changes, and
            // the epoch starts on its own plateau (RFC 9438 §4.10).
            bool isOver = _hyStart.OnAcknowledged(batch);
            _window += _hyStart.Growth(bytes);
            bytes = 0;
            SlowStartThreshold = isOver ? _window : long.MaxValue;
        }
        else if (_window < SlowStartThreshold)
        {
            bytes -= SlowStart(bytes);
        }

        if (bytes > 0)
        {
            _window = _epoch.Grow(_window, bytes, batch.Now, _smoothedRttNs, _frameLength);
        }

        _window = Math.Min(_window, CubicCurve.WindowLimit);
    }

    /// <summary>
    /// Slow start by bytes (RFC 9002 §7.3.1); returns how many it used up, the rest belongs to congestion avoidance.
    /// </summary>
    private long SlowStart(long acknowledgedBytes)
    {
        long bytes = Math.Min(acknowledgedBytes, SlowStartThreshold - _window);
        _window += bytes;
        return bytes;
    }

    /// <summary>A new congestion event (RFC 9438 §4.6, RFC 9002 §7.3.2). The growth rules above make the window safe to use instead of the flight size.</summary>
    private void EnterRecovery(Instant now)
    {
        _recoveryStart = now;
        _epoch.End(_window);
        _window = Math.Max(CubicEpoch.Reduce(_window), MinimumWindow);
        SlowStartThreshold = _window;
    }

    private void SaveForUndo(long lostBytes)
    {
        _undoEpoch = _epoch;
        _undoWindow = _window;
        _undoThreshold = SlowStartThreshold;
        _undoRecoveryStart = _recoveryStart;
        _undoLostBytes = lostBytes;
    }

    /// <summary>
    /// 1.25 · window / RTT (RFC 9002 §7.7), and twice it while slow start is far from its threshold, as in Linux (tcp_pacing_ss_ratio): pacing
    /// must not be what holds back a window that doubles each round trip. Before the first RTT sample nothing is paced: the initial window is
    /// the burst that RFC 9002 §7.7 allows.
    /// </summary>
    private void UpdatePacingRate()
    {
        if (_smoothedRttNs == 0)
        {
            PacingRate = 0;
            return;
        }

        int quarters = _window < SlowStartThreshold / 2 ? 8 : 5;
        PacingRate = Math.Max(Arithmetic.MultiplyDivide(_window * quarters, Instant.Second / 4, _smoothedRttNs), 1);
    }
}
