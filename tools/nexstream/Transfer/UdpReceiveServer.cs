using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>Takes files from senders all over the network, each of whom has a connection of its own to one endpoint.</summary>
internal sealed class UdpReceiveServer : IReceiveServer
{
    private readonly TransferNode _node;
    private readonly Func<IncomingFiles> _makeFiles;
    private readonly Dictionary<ConnectionHandle, IncomingFiles> _senders = [];
    private readonly byte[] _buffer = new byte[2 * OutgoingFile.BlockSize];
    private bool _hasServed;

    /// <summary>Listens.</summary>
    /// <exception cref="LinkException">The host is not known, or the port is taken.</exception>
    public UdpReceiveServer(LinkAddress address, Func<IncomingFiles> makeFiles)
    {
        _makeFiles = makeFiles;
        _node = TransferNode.ForNetwork(isReceiver: true, address.ToLocal(), out UdpLink link);
        Address = $"udp:{link.LocalEndPoint}";
    }

    public bool IsPeerLost { get; private set; }

    public string Address { get; }

    public void Run(bool once, IProgressView progress, CancellationToken stop)
    {
        while (!(once && _hasServed && _senders.Count == 0) && !stop.IsCancellationRequested)
        {
            Instant now = MonotonicClock.Now;
            bool worked = _node.Driver.Poll(now) | TakeEvents(progress, now);
            foreach (IncomingFiles files in _senders.Values)
            {
                worked |= files.Turn(_buffer, progress, now);
            }

            _node.Rest(worked, now);
        }

        foreach (IncomingFiles files in _senders.Values)
        {
            files.GiveUp(progress, MonotonicClock.Now, "The receiver was stopped before the file was complete; nothing of it was kept: send it again.");
        }

        // What was said last still goes out.
        _node.Driver.Poll(MonotonicClock.Now);
    }

    public void Dispose()
    {
        foreach (IncomingFiles files in _senders.Values)
        {
            files.Dispose();
        }

        _node.Dispose();
    }

    private bool TakeEvents(IProgressView progress, Instant now)
    {
        bool worked = false;
        while (_node.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            worked = true;
            switch (item.Kind)
            {
                case EventKind.ConnectionAccepted:
                    _hasServed = true;
                    _senders.Add(item.Connection, _makeFiles());
                    break;
                case EventKind.StreamOpened:
                    _senders.GetValueOrDefault(item.Connection)?.Add(item.Stream);
                    break;
                case EventKind.ConnectionClosing:
                    // Whatever the sender has given up is not waited for.
                    item.Connection.Close(now);
                    break;
                case EventKind.ConnectionClosed when _senders.Remove(item.Connection, out IncomingFiles? files):
                    files.GiveUp(progress, now, $"The sender's connection ended ({item.Reason}) before the file was complete; nothing of it was kept: send it again.");
                    IsPeerLost |= files.IsPeerLost;
                    files.Dispose();
                    break;
                default:
                    break;
            }
        }

        return worked;
    }
}
