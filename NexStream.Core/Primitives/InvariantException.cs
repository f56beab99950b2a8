namespace NexStream.Core.Primitives;

/// <summary>The core contradicts itself. Nothing that a peer sends and nothing that an application calls may lead here.</summary>
internal sealed class InvariantException(string message) : InvalidOperationException(message);
