using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>One sending process, from its link to its end.</summary>
internal sealed class ReceiveSession : IDisposable
{
    /// <summary>Streams that a sender may have open beyond those that are served: the rest waits unread, and flow control stops it.</summary>
    private const int FilesAtATime = 16;

    private readonly TransferNode _node;
    private readonly int _processId;
    private readonly string _directory;
    private readonly bool _force;
    private readonly Action<FileReport> _onReport;
    private readonly List<IncomingStream> _active = [];
    private readonly Queue<StreamHandle> _waiting = new();

    public ReceiveSession(TransferNode node, Link link, string directory, bool force, Action<FileReport> onReport)
    {
        _node = node;
        _processId = link.PeerProcessId;
        _directory = directory;
        _force = force;
        _onReport = onReport;
        node.Attach(link);
    }

    /// <summary>Whether the sender is gone, as it wanted or not.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether it was gone before everything was done.</summary>
    public bool IsPeerLost { get; private set; }

    public bool Turn(byte[] buffer, IProgressView progress, Instant now)
    {
        bool worked = _node.Driver.Poll(now) | TakeEvents(now);
        while (_active.Count < FilesAtATime && _waiting.TryDequeue(out StreamHandle stream))
        {
            _active.Add(new IncomingStream(stream, _directory, _force, now));
        }

        for (int i = _active.Count - 1; i >= 0; i--)
        {
            IncomingStream file = _active[i];
            worked |= file.Turn(buffer, now);
            Show(file, progress, now);
            if (file.IsOver)
            {
                Remove(i, progress);
            }
        }

        if (IsOver)
        {
            GiveUp(progress, now, $"The sending process {_processId} ended before the file was complete; nothing of it was kept: send it again.");
        }

        return worked;
    }

    public void Rest(bool worked, Instant now) => _node.Rest(worked, now);

    /// <summary>Ends what is under way.</summary>
    public void GiveUp(IProgressView progress, Instant now, string why)
    {
        IsPeerLost |= _active.Exists(file => file.Report is null);
        for (int i = _active.Count - 1; i >= 0; i--)
        {
            _active[i].GiveUp(now, why);
            Remove(i, progress);
        }
    }

    public void Dispose()
    {
        _active.ForEach(file => file.Dispose());
        _node.Dispose();
    }

    private static void Show(IncomingStream file, IProgressView progress, Instant now)
    {
        if (progress.IsDue(now) && file.Progress > 0)
        {
            file.Bar = file.Bar < 0 ? progress.Add(file.Name) : file.Bar;
            progress.Report(file.Bar, file.Progress);
        }
    }

    private void Remove(int index, IProgressView progress)
    {
        IncomingStream file = _active[index];
        if (file.Bar >= 0)
        {
            progress.Remove(file.Bar);
        }

        _active.RemoveAt(index);
        if (file.Report is not null)
        {
            _onReport(file.Report);
        }

        file.Dispose();
    }

    private bool TakeEvents(Instant now)
    {
        bool worked = false;
        while (_node.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            worked = true;
            switch (item.Kind)
            {
                case EventKind.StreamOpened when item.Stream.Mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered:
                    _waiting.Enqueue(item.Stream);
                    break;
                case EventKind.StreamOpened:
                    item.Stream.Reset(ReasonCode.ApplicationBase);
                    break;
                case EventKind.ConnectionClosing:
                    // Whatever the sender has given up is not waited for.
                    item.Connection.Close(now);
                    break;
                case EventKind.ConnectionClosed:
                    IsOver = true;
                    break;
                default:
                    break;
            }
        }

        IsOver |= _node.Driver.TryGetLinkLost(out _);
        return worked;
    }
}
