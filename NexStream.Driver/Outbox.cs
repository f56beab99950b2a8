using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Driver;

/// <summary>
/// The way from the endpoint to the links: packets are taken a few at a time, and each goes to the link of the node that it is for. One that finds the ring full
/// is kept and stops the others, so that the endpoint's own queues, which know what matters, fill up rather than one in between.
/// </summary>
internal sealed class Outbox(Endpoint endpoint, DriverOptions options)
{
    /// <summary>Packets that are taken at once: as many as an endpoint writes in a row.</summary>
    private const int BurstAtOnce = 16;

    private readonly Transmission[] _burst = [.. Enumerable.Range(0, BurstAtOnce).Select(_ => new Transmission())];
    private readonly Dictionary<NodeId, LinkPort> _routes = new(options.LinksMax);
    private LinkPort? _network;
    private NodeId _lastNode;
    private LinkPort? _lastPort;
    private int _next;
    private int _taken;

    /// <summary>Frames for the port's node go over it from now on.</summary>
    public void AddRoute(LinkPort port)
    {
        _routes[port.Remote] = port;
        _lastPort = null;
    }

    /// <summary>Frames for nodes that have no route go over the port from now on.</summary>
    public void AddNetwork(LinkPort port)
    {
        _network = port;
        _lastPort = null;
    }

    /// <summary>The port's peer is gone; a later link to the same node stays.</summary>
    public void RemoveRoute(LinkPort port)
    {
        if (_routes.TryGetValue(port.Remote, out LinkPort? route) && ReferenceEquals(route, port))
        {
            _routes.Remove(port.Remote);
        }

        _lastPort = null;
    }

    /// <summary>Takes a burst from the endpoint. Returns whether any packet got on.</summary>
    public bool Fill(Instant now, ref DriverStatistics statistics)
    {
        bool worked = false;
        bool hasMore = true;
        for (int left = options.TransmitBurst; left > 0; left--)
        {
            if (_next == _taken)
            {
                if (!hasMore)
                {
                    break;
                }

                int places = Math.Min(left, BurstAtOnce);
                _next = 0;
                _taken = endpoint.Transmit(now, _burst.AsSpan(0, places));
                hasMore = _taken == places;
                if (_taken == 0)
                {
                    break;
                }
            }

            if (!TryRoute(_burst[_next], now, ref statistics))
            {
                statistics.FullRings++;
                break;
            }

            _next++;
            worked = true;
        }

        return worked;
    }

    /// <summary>Puts the packet where it goes, or drops it. False: its link's ring is full, and the packet stays.</summary>
    private bool TryRoute(Transmission transmission, Instant now, ref DriverStatistics statistics)
    {
        if (RouteTo(transmission.Header.Destination) is not { } port)
        {
            statistics.FramesUnroutable++;
            Drop(transmission);
            return true;
        }

        if (port.TryStage(endpoint, transmission, now, ref statistics))
        {
            return true;
        }

        if (!port.IsStalled(now, options.FullRingPatienceNs))
        {
            return false;
        }

        statistics.FramesDroppedByStall++;
        Drop(transmission);
        return true;
    }

    /// <summary>The way to a node; most often it is the one that the packet before took.</summary>
    private LinkPort? RouteTo(NodeId node)
    {
        if (_lastPort is null || node != _lastNode)
        {
            _lastNode = node;
            _lastPort = _routes.GetValueOrDefault(node) ?? _network;
        }

        return _lastPort;
    }

    /// <summary>Gives back the references that the endpoint took on a link's behalf.</summary>
    private void Drop(Transmission transmission)
    {
        foreach (ref readonly PayloadSlice slice in transmission.Slices)
        {
            endpoint.ReleaseFrame(slice.Frame, 1);
        }
    }
}
