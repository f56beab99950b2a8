using System.Net;
using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Hosting;

/// <summary>A connection as the driver's thread knows it.</summary>
internal sealed class ConnectionRecord
{
    /// <summary>Streams that wait for the peer's limit.</summary>
    public OperationQueue Opens;

    public OperationQueue Accepts;

    public OperationQueue Closes;

    public ConnectionRecord(NexStreamHost host, ConnectionHandle handle)
    {
        Host = host;
        Handle = handle;
        Remote = handle.Remote;
        Owner = new NexStreamConnection(this);
    }

    public NexStreamHost Host { get; }

    public ConnectionHandle Handle { get; }

    public NodeId Remote { get; }

    /// <summary>The address that was called; null where a node was, or the peer called.</summary>
    public IPEndPoint? Address { get; set; }

    public NexStreamConnection Owner { get; }

    /// <summary>What waits for the connection to be established.</summary>
    public Operation? Connecting { get; set; }

    public bool IsEstablished { get; set; }

    /// <summary>Nothing new can be sent: one side closes.</summary>
    public bool IsClosing { get; set; }

    /// <summary>The connection is over: the reason and the report are the final ones.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The process at the other end of the link is gone.</summary>
    public bool IsLinkLost { get; set; }

    /// <summary>What ended the host's thread: from then on nothing asks the endpoint any more. Null while it runs, and after it was stopped.</summary>
    public Exception? HostFailure { get; set; }

    public ReasonCode Reason { get; set; }

    public DrainReport Report { get; set; }

    /// <summary>Its streams, those of the peer that were not accepted yet included.</summary>
    public HashSet<StreamRecord> Streams { get; } = [];

    /// <summary>Streams that the peer opened and nobody has accepted, the oldest first: at most as many as the peer may open.</summary>
    public Queue<StreamRecord> Backlog { get; } = new();

    /// <summary>Whether both sides agreed to end it and everything that arrived was read: then streams have simply ended.</summary>
    public bool IsCleanEnd => IsClosed && IsClosing && !IsLinkLost && HostFailure is null && Reason == ReasonCode.None && Report.UnreadBytes == 0;

    /// <summary>Why nothing can be done on it; null while something can.</summary>
    public NexStreamException? Failure(int taken)
    {
        if (!IsClosing && !IsClosed)
        {
            return null;
        }

        if (HostFailure is not null)
        {
            return NexStreamHost.Stopped(HostFailure, taken);
        }

        (NexStreamError error, string what) = IsLinkLost ? (NexStreamError.PeerLost, "the process at the other end of the link is gone") : Reason switch
        {
            ReasonCode.None => (NexStreamError.ConnectionClosed, "it was closed"),
            >= ReasonCode.ApplicationBase => (NexStreamError.ConnectionClosed, "it was closed with a reason of the application's"),
            ReasonCode.ConnectionClosed => (NexStreamError.ConnectionClosed, "it was closed"),
            ReasonCode.ConnectionRefused => (NexStreamError.ConnectionRefused, "the peer refused it: it accepts none, or has no room"),
            ReasonCode.HandshakeTimeout => (NexStreamError.ConnectTimedOut, "nobody answered; look whether the peer runs and can be reached"),
            ReasonCode.IdleTimeout => (NexStreamError.IdleTimedOut, "nothing happened for its idle time-out; set KeepAlive and KeepAliveDefeatsIdle where that is wanted"),
            ReasonCode.PeerUnresponsive => (NexStreamError.PeerLost, "the peer stopped answering"),
            ReasonCode.ConnectionUnknown => (NexStreamError.PeerLost, "the peer does not know it any more, as after a restart"),
            ReasonCode.Aborted => (NexStreamError.ConnectionAborted, "it was aborted"),
            _ => (NexStreamError.ConnectionAborted, "it was ended because of an error"),
        };
        return new(error, $"The connection to {Address?.ToString() ?? Remote.ToString()}: {what} ({Reason}).", Reason) { BytesTaken = taken };
    }
}
