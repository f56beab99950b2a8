using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Driver;

/// <summary>
/// The way from the endpoint to the links: each packet goes to the link of the node that it is for. A packet that finds the ring full is kept and
/// stops the others, so that the endpoint's own queues, which know what matters, fill up rather than one in between.
/// </summary>
internal sealed class Outbox(Endpoint endpoint, DriverOptions options)
{
    private readonly Transmission _transmission = new();
    private readonly Dictionary<NodeId, LinkPort> _routes = new(options.LinksMax);
    private bool _isPending;

    /// <summary>Frames for the port's node go over it from now on.</summary>
    public void AddRoute(LinkPort port) => _routes[port.Remote] = port;

    /// <summary>The port's peer is gone; a later link to the same node stays.</summary>
    public void RemoveRoute(LinkPort port)
    {
        if (_routes.TryGetValue(port.Remote, out LinkPort? route) && ReferenceEquals(route, port))
        {
            _routes.Remove(port.Remote);
        }
    }

    /// <summary>Takes a burst from the endpoint. Returns whether any packet got on.</summary>
    public bool Fill(Instant now, ref DriverStatistics statistics)
    {
        bool worked = false;
        for (int left = options.TransmitBurst; left > 0; left--)
        {
            if (!_isPending && !endpoint.TryTransmit(now, _transmission))
            {
                break;
            }

            _isPending = !TryRoute(now, ref statistics);
            if (_isPending)
            {
                statistics.FullRings++;
                break;
            }

            worked = true;
        }

        return worked;
    }

    /// <summary>Puts the packet where it goes, or drops it. False: its link's ring is full, and the packet stays.</summary>
    private bool TryRoute(Instant now, ref DriverStatistics statistics)
    {
        if (!_routes.TryGetValue(_transmission.Header.Destination, out LinkPort? port))
        {
            statistics.FramesUnroutable++;
            Drop();
            return true;
        }

        if (port.TryStage(_transmission, now, ref statistics))
        {
            return true;
        }

        if (!port.IsStalled(now, options.FullRingPatienceNs))
        {
            return false;
        }

        statistics.FramesDroppedByStall++;
        Drop();
        return true;
    }

    /// <summary>Gives back the references that the endpoint took on a link's behalf.</summary>
    private void Drop()
    {
        foreach (ref readonly PayloadSlice slice in _transmission.Slices)
        {
            endpoint.ReleaseFrame(slice.Frame, 1);
        }
    }
}
