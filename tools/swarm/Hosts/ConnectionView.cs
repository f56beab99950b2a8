using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Stats;

namespace NexStream.Swarm.Hosts;

/// <summary>What an application knows of a connection, and what the oracle notes about it.</summary>
internal sealed class ConnectionView(Host host, ConnectionHandle handle, bool isOpenedHere)
{
    public ConnectionHandle Handle { get; } = handle;

    public bool IsOpenedHere { get; } = isOpenedHere;

    public bool IsKnown { get; set; }

    public bool IsPeerClosing { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>This application closed or aborted it.</summary>
    public bool IsEndedHere { get; set; }

    /// <summary>Opening a stream was refused: an event is due.</summary>
    public bool WantsStreams
    {
        get;
        set
        {
            field = value;
            HasWantedStreams |= value;
        }
    }

    public bool HasWantedStreams { get; private set; }

    public ReasonCode Reason { get; set; }

    /// <summary>How it gets on in the last seconds before it has to be done.</summary>
    public Pace Pace;

    /// <summary>The tag that names it here, and the one that names it at the peer.</summary>
    public ulong LocalTag { get; private set; } = host.Endpoint.State.Connections[handle.Index].LocalTag;

    public ulong PeerTag { get; private set; }

    public string Name => $"connection {Handle.Index} of host {host.Index} ({LocalTag:x})";

    /// <summary>Counters as they were at the last look.</summary>
    public ConnectionStatistics Statistics { get; set; }

    /// <summary>The record behind the handle.</summary>
    public Connection Record => host.Endpoint.State.Connections[Handle.Index];

    /// <summary>Both are known for good when the connection is established: one that turns into the acceptor gets another.</summary>
    public void LearnTags()
    {
        LocalTag = Record.LocalTag;
        PeerTag = Record.PeerTag;
    }
}
