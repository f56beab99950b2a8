using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;

namespace NexStream.Perf.Drivers;

/// <summary>The end that is connected to and reads.</summary>
internal sealed class DriverReceiver(PerfOptions options, DriverEnd end)
{
    private readonly Consumer _consumer = new(options, end.Endpoint, options.Streams + options.IdleStreams + 1);

    /// <summary>Bytes read.</summary>
    public long Bytes => _consumer.Bytes;

    /// <summary>The connection, once it is there.</summary>
    public ConnectionHandle Connection { get; private set; }

    /// <summary>The connection ended, or the other process did.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Called instead of reading, where that was asked for.</summary>
    public Action<StreamHandle>? OnReadable { get; init; }

    public void Attach(Link link) => end.Driver.AttachLink(link, DriverEnd.SenderNode);

    public void AttachNetwork(UdpLink link) => end.Driver.AttachNetwork(link);

    /// <summary>One turn: the driver's, then the application's, and what that brought forth leaves.</summary>
    public void Turn(Instant now)
    {
        end.Driver.Poll(now);
        bool acts = false;
        while (end.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            acts = true;
            switch (item.Kind)
            {
                case EventKind.ConnectionAccepted:
                    Connection = item.Connection;
                    break;
                case EventKind.StreamReadable when OnReadable is { } react:
                    react(item.Stream);
                    break;
                case EventKind.StreamReadable:
                    _consumer.Read(item.Stream);
                    break;
                case EventKind.ConnectionClosing or EventKind.ConnectionClosed:
                    IsOver = true;
                    break;
                default:
                    break;
            }
        }

        if (acts)
        {
            end.Driver.Transmit(now);
        }

        IsOver |= end.Driver.TryGetLinkLost(out _);
    }
}
