using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>Takes files from one sending process of this machine after another, a few of them at a time.</summary>
internal sealed class ShmReceiveServer : IReceiveServer
{
    /// <summary>Senders at a time: each costs its arena. Others wait for their turn in the listener's queue.</summary>
    private const int SendersMax = 4;

    /// <summary>How often is looked for new senders: a system call each.</summary>
    private const long AcceptIntervalNs = 5 * Instant.Millisecond;

    private const int IdleMs = 5;

    private readonly LinkLibrary _library;
    private readonly LinkListener _listener;
    private readonly Func<IncomingFiles> _makeFiles;
    private readonly List<ReceiveSession> _sessions = [];
    private readonly byte[] _buffer = new byte[2 * OutgoingFile.BlockSize];
    private TransferNode? _spare;
    private Instant _nextAccept;

    /// <summary>Listens.</summary>
    /// <exception cref="LinkException">The name is taken, or there is no native library.</exception>
    public ShmReceiveServer(string name, Func<IncomingFiles> makeFiles)
    {
        _library = LinkLibrary.Load(LinkPreference.Native);
        _listener = _library.Listen(name);
        _makeFiles = makeFiles;
        Address = $"shm:{name}";
    }

    public bool IsPeerLost { get; private set; }

    public string Address { get; }

    public void Run(bool once, IProgressView progress, CancellationToken stop)
    {
        bool isDone = false;
        bool hasServed = false;
        while (!isDone && !stop.IsCancellationRequested)
        {
            Instant now = MonotonicClock.Now;
            bool mayAccept = _sessions.Count < (once ? 1 : SendersMax) && !(once && hasServed);
            if (mayAccept && now >= _nextAccept)
            {
                _nextAccept = now + AcceptIntervalNs;
                hasServed |= TryAccept();
            }

            bool worked = false;
            for (int i = _sessions.Count - 1; i >= 0; i--)
            {
                ReceiveSession session = _sessions[i];
                worked |= session.Turn(_buffer, progress, now);
                if (session.IsOver)
                {
                    IsPeerLost |= session.IsPeerLost;
                    _sessions.RemoveAt(i);
                    session.Dispose();
                }
            }

            isDone = once && hasServed && _sessions.Count == 0;
            Rest(worked, now, stop);
        }

        foreach (ReceiveSession session in _sessions)
        {
            session.GiveUp(progress, MonotonicClock.Now, "The receiver was stopped before the file was complete; nothing of it was kept: send it again.");
        }
    }

    public void Dispose()
    {
        _sessions.ForEach(session => session.Dispose());
        _spare?.Dispose();
        _listener.Dispose();
    }

    private void Rest(bool worked, Instant now, CancellationToken stop)
    {
        if (_sessions.Count == 0)
        {
            stop.WaitHandle.WaitOne(IdleMs);
        }
        else
        {
            // With several senders, traffic of the others is noticed at the latest when this rest ends, after a millisecond.
            _sessions[0].Rest(worked, now);
        }
    }

    private bool TryAccept()
    {
        _spare ??= TransferNode.ForSharedMemory(_library, isReceiver: true);
        if (_listener.Accept(_spare.Memory, TransferNode.RingCapacity) is not { } link)
        {
            return false;
        }

        _sessions.Add(new ReceiveSession(_spare, link, _makeFiles()));
        _spare = null;
        return true;
    }
}
