using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>One sending process of this machine, from its link to its end.</summary>
internal sealed class ReceiveSession : IDisposable
{
    private readonly TransferNode _node;
    private readonly int _processId;
    private readonly IncomingFiles _files;

    public ReceiveSession(TransferNode node, Link link, IncomingFiles files)
    {
        _node = node;
        _processId = link.PeerProcessId;
        _files = files;
        node.Attach(link);
    }

    /// <summary>Whether the sender is gone, as it wanted or not.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether it was gone before everything was done.</summary>
    public bool IsPeerLost => _files.IsPeerLost;

    public bool Turn(byte[] buffer, IProgressView progress, Instant now)
    {
        bool worked = _node.Driver.Poll(now) | TakeEvents(now);
        worked |= _files.Turn(buffer, progress, now);
        if (IsOver)
        {
            GiveUp(progress, now, $"The sending process {_processId} ended before the file was complete; nothing of it was kept: send it again.");
        }

        return worked;
    }

    public void Rest(bool worked, Instant now) => _node.Rest(worked, now);

    /// <summary>Ends what is under way.</summary>
    public void GiveUp(IProgressView progress, Instant now, string why) => _files.GiveUp(progress, now, why);

    public void Dispose()
    {
        _files.Dispose();
        _node.Dispose();
    }

    private bool TakeEvents(Instant now)
    {
        bool worked = false;
        while (_node.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            worked = true;
            switch (item.Kind)
            {
                case EventKind.StreamOpened:
                    _files.Add(item.Stream);
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
