using System.Net;
using System.Net.Sockets;
using NexStream.Core.Primitives;

namespace NexStream.Connections;

/// <summary>A node that a link of the host leads to, where there is no IP address.</summary>
/// <param name="node">The node.</param>
public sealed class NexStreamEndPoint(NodeId node) : EndPoint
{
    /// <summary>The node.</summary>
    public NodeId Node => node;

    /// <inheritdoc />
    public override AddressFamily AddressFamily => AddressFamily.Unspecified;

    /// <inheritdoc />
    public override string ToString() => $"nexstream:{node}";

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is NexStreamEndPoint other && other.Node == node;

    /// <inheritdoc />
    public override int GetHashCode() => node.GetHashCode();
}
