using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using Controller = NexStream.Core.Congestion.Bbr.Bbr;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>A sender with pacer, timers and an application, and its receiver: what a path does, for one flow.</summary>
internal sealed class Flow
{
    private readonly Bottleneck _link;
    private readonly SentLog _sent;
    private readonly List<Action> _inbox = [];
    private readonly Receiver _receiver;
    private Pacer _pacer;
    private long _timer;
    private Instant _wakeAt = Instant.Never;
    private Instant _lastSentAt;
    private int _probeCount;
    private int _probesAllowed;
    private int _writer;

    public Flow(Bottleneck link, ICongestionController? controller = null, int frameLength = 1500, ulong seed = 1)
    {
        _link = link;
        FrameLength = frameLength;
        Congestion = controller ?? new Controller();
        _sent = new SentLog(Congestion);
        Congestion.Reset(CongestionParameters.ForPath(link.Now, frameLength, seed));
        _pacer.Reset(frameLength);
        _receiver = new Receiver(link, this);
    }

    public ICongestionController Congestion { get; }

    public Controller Bbr => (Controller)Congestion;

    public int FrameLength { get; }

    public long BytesInFlight => _sent.BytesInFlight;

    /// <summary>How often the host calls; 0: whenever something happens.</summary>
    public long PollNs { get; init; }

    /// <summary>Bytes that the application has written and that were not sent; a bulk sender never runs out.</summary>
    public long Backlog { get; private set; } = long.MaxValue / 2;

    public long Delivered => _sent.Delivered;

    public long SentBytes { get; private set; }

    public long LostBytes => _sent.LostBytes;

    public ulong NextNumber => _sent.NextNumber;

    /// <summary>Acknowledgements handled so far.</summary>
    public long Acknowledgements { get; private set; }

    /// <summary>The last batch that the controller was told of.</summary>
    public AcknowledgedBatch LastBatch => _sent.LastBatch;

    /// <summary>Called after each batch.</summary>
    public Action? Acknowledged { get; set; }

    public void Start()
    {
        if (PollNs > 0)
        {
            _link.At(_link.Now, Poll);
        }
        else
        {
            _link.At(_link.Now, TrySend);
        }
    }

    /// <summary>From now on the application gives so many bytes at a time, each so many nanoseconds; 0 bytes: it is silent.</summary>
    public void LimitApplication(long bytes, long everyNs)
    {
        Backlog = 0;
        _writer++;
        if (bytes > 0)
        {
            Write(bytes, everyNs, _writer);
        }
    }

    /// <summary>From now on it never runs out.</summary>
    public void UnlimitApplication()
    {
        _writer++;
        Backlog = long.MaxValue / 2;
        TrySend();
    }

    public void Mark(ulong number) => _receiver.Mark(number);

    /// <summary>A packet arrives at the receiver.</summary>
    public void Arrive(ulong number) => _receiver.Arrive(number);

    /// <summary>An acknowledgement arrives at the sender.</summary>
    public void Receive(ulong[] numbers, ulong ce)
    {
        if (PollNs > 0)
        {
            _inbox.Add(() => OnAck(numbers, ce));
            return;
        }

        OnAck(numbers, ce);
        TrySend();
    }

    private void Poll()
    {
        foreach (Action action in _inbox)
        {
            action();
        }

        _inbox.Clear();
        TrySend();
        _link.At(_link.Now + PollNs, Poll);
    }

    private void Write(long bytes, long everyNs, int writer)
    {
        if (writer != _writer)
        {
            return;
        }

        Backlog = Math.Min(Backlog + bytes, 4 * bytes);
        TrySend();
        _link.At(_link.Now + everyNs, () => Write(bytes, everyNs, writer));
    }

    private void TrySend()
    {
        Instant now = _link.Now;
        while (true)
        {
            bool hasWindow = _probesAllowed > 0 || BytesInFlight + FrameLength <= Congestion.CongestionWindow;
            if (!hasWindow)
            {
                break;
            }

            if (Backlog < FrameLength && _probesAllowed == 0)
            {
                _sent.OnApplicationLimited();
                break;
            }

            Instant next = _pacer.NextSendTime(now, Congestion.PacingRate);
            if (next > now && _probesAllowed == 0)
            {
                Wake(next);
                break;
            }

            SendOne(now);
        }

        ArmTimer();
    }

    private void SendOne(Instant now)
    {
        SentBytes += FrameLength;
        Backlog = Math.Max(0, Backlog - FrameLength);
        _lastSentAt = now;
        _probesAllowed = Math.Max(0, _probesAllowed - 1);
        _pacer.OnSent(now, FrameLength, Congestion.PacingRate, PollNs);
        ulong number = _sent.OnSent(now, FrameLength);
        _link.Send(this, number, FrameLength);
    }

    private void Wake(Instant at)
    {
        if (PollNs > 0 || at >= _wakeAt)
        {
            return;
        }

        _wakeAt = at;
        _link.At(at, () =>
        {
            if (_wakeAt <= _link.Now)
            {
                _wakeAt = Instant.Never;
                TrySend();
            }
        });
    }

    private void ArmTimer()
    {
        long timer = ++_timer;
        if (BytesInFlight == 0)
        {
            return;
        }

        long timeoutNs = _sent.PtoNs;
        Instant probeAt = _lastSentAt + Math.Max(timeoutNs, Math.Min(timeoutNs << Math.Min(_probeCount, 6), 2 * Instant.Second));
        _link.At(Instant.Min(_sent.LossAt, probeAt), () =>
        {
            if (timer == _timer)
            {
                OnTimer(probeAt);
            }
        });
    }

    private void OnTimer(Instant probeAt)
    {
        if (_sent.LossAt <= _link.Now)
        {
            _sent.Detect(_link.Now);
        }
        else if (probeAt <= _link.Now)
        {
            _probeCount++;
            _probesAllowed = 2;
        }

        TrySend();
    }

    private void OnAck(ulong[] numbers, ulong ce)
    {
        if (_sent.OnAck(numbers, ce, _link.Now))
        {
            _probeCount = 0;
            _probesAllowed = 0;
            Acknowledgements++;
            Acknowledged?.Invoke();
        }
    }
}
