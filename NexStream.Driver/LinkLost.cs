using NexStream.Core.Primitives;

namespace NexStream.Driver;

/// <summary>The peer of an attached link is gone: it closed its end, its process ended, or what it wrote could not be trusted.</summary>
/// <param name="Remote">The node at the other end.</param>
/// <param name="Epoch">The link's epoch: a peer that comes back has another.</param>
/// <param name="PeerProcessId">The peer's process; 0 when it was this one.</param>
public readonly record struct LinkLost(NodeId Remote, uint Epoch, int PeerProcessId);
