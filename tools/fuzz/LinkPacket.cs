using NexStream.Core.Wire;

namespace NexStream.Tools.Fuzz;

/// <summary>A NexLink frame as bytes, on its way.</summary>
internal sealed record LinkPacket(LinkHeader Header, byte[] Bytes);
