namespace NexStream.Core.Wire;

/// <summary>The versions of NexStream that this library can read and write.</summary>
internal static class ProtocolVersion
{
    /// <summary>The only version so far, and the one that CONN_INIT asks for.</summary>
    public const ushort Current = 1;
}
