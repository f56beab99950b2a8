using System.Runtime.InteropServices;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>Sends files to whoever listens at an address, a stream for each, several at a time.</summary>
internal sealed class SendSession : IDisposable
{
    /// <summary>Files under way at a time: enough that small ones do not wait for answers one by one.</summary>
    private const int FilesAtATime = 4;

    private readonly LinkAddress _to;
    private readonly TransferNode _node;
    private readonly UdpLink? _network;
    private readonly Queue<string> _waiting;
    private readonly List<OutgoingFile> _active = [];
    private readonly List<FileReport> _reports = [];
    private readonly Stack<byte[]> _blocks = new();
    private readonly StreamConfig _stream;
    private ConnectionHandle _connection;
    private bool _isEstablished;
    private bool _isClosed;
    private ReasonCode _reason;
    private string? _lost;

    /// <summary>Joins the process that listens at an address.</summary>
    /// <exception cref="LinkException">Nobody listens there, the host is not known, or there is no native library, which shm needs.</exception>
    public SendSession(LinkAddress to, IEnumerable<string> files, StreamConfig stream)
    {
        _to = to;
        _stream = stream;
        _waiting = new Queue<string>(files);
        _node = TransferNode.To(to, out _network);
    }

    /// <exception cref="LinkException">Nobody answered.</exception>
    public SendOutcome Run(IProgressView progress, CancellationToken stop)
    {
        Instant start = MonotonicClock.Now;
        Instant now = start;
        _connection = _node.Connect(now);
        while ((_waiting.Count > 0 || _active.Count > 0) && _lost is null && !stop.IsCancellationRequested)
        {
            now = Turn(progress);
        }

        if (_isClosed && !_isEstablished)
        {
            throw new LinkException(Unanswered());
        }

        string why = _lost ?? "It was interrupted: send it again.";
        foreach (OutgoingFile file in _active)
        {
            file.GiveUp(now, why);
            _reports.Add(file.Report!);
        }

        _active.Clear();
        _reports.AddRange(_waiting.Select(path => new FileReport(Path.GetFileName(path), 0, false, 0, why)));
        Instant finished = now;
        _connection.Close(now);
        for (Instant end = now + Instant.Second; !_isClosed && _lost is null && now < end;)
        {
            now = Turn(progress);
        }

        bool isComplete = _reports.TrueForAll(report => report.Error != why);
        return new SendOutcome(_reports, _lost is not null && !isComplete, stop.IsCancellationRequested && !isComplete, (finished - start) / (double)Instant.Second);
    }

    public void Dispose() => _node.Dispose();

    private string Unanswered()
    {
        int error = _network?.Statistics.LastError ?? 0;
        string system = error == 0 ? string.Empty : $" (the system says: {Marshal.GetPInvokeErrorMessage(error)})";
        return $"Nobody took the call at {_to.Text} ({_reason}){system}: start nexstream receive there first, and look whether UDP gets through to it.";
    }

    private Instant Turn(IProgressView progress)
    {
        Instant now = MonotonicClock.Now;
        bool worked = _node.Driver.Poll(now) | TakeEvents();
        if (_isEstablished)
        {
            worked |= StartFiles(progress, now);
        }

        for (int i = _active.Count - 1; i >= 0; i--)
        {
            OutgoingFile file = _active[i];
            worked |= file.Turn(now);
            if (progress.IsDue(now))
            {
                progress.Report(file.Bar, file.Progress);
            }

            if (file.Report is not null)
            {
                progress.Report(file.Bar, 1);
                progress.Remove(file.Bar);
                _blocks.Push(file.Block);
                _reports.Add(file.Report);
                _active.RemoveAt(i);
            }
        }

        _node.Rest(worked, now);
        return now;
    }

    private bool StartFiles(IProgressView progress, Instant now)
    {
        bool worked = false;
        while (_active.Count < FilesAtATime && _waiting.TryDequeue(out string? path))
        {
            worked = true;
            byte[] block = _blocks.TryPop(out byte[]? used) ? used : new byte[OutgoingFile.PrefixSize + OutgoingFile.BlockSize];
            try
            {
                OutgoingFile file = new(path, block);
                _active.Add(file);
                file.Bar = progress.Add(file.Name);
                file.Begin(_connection, _stream, now);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
            {
                _blocks.Push(block);
                _reports.Add(new FileReport(Path.GetFileName(path), 0, false, 0, $"It cannot be read: {failure.Message}"));
            }
        }

        return worked;
    }

    private bool TakeEvents()
    {
        bool worked = false;
        while (_node.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            worked = true;
            if (item.Kind == EventKind.ConnectionEstablished)
            {
                _isEstablished = true;
            }
            else if (item.Kind is EventKind.ConnectionClosed)
            {
                _isClosed = true;
                _reason = item.Reason;
                _lost ??= $"The receiver ended the connection ({item.Reason}): send it again.";
            }
        }

        if (_node.Driver.TryGetLinkLost(out LinkLost lost))
        {
            _lost ??= $"The receiving process {lost.PeerProcessId} ended: start it again and send what is missing.";
        }

        return worked;
    }
}
