namespace NexStream.Core.Recovery;

/// <summary>Whether a path carries ECN marks (RFC 9000 appendix A.4). Zeroed memory does not mark.</summary>
internal enum EcnState : byte
{
    /// <summary>It does not, or the peer's counts are wrong, or it is switched off: nothing is marked any more.</summary>
    Failed,

    /// <summary>The first packets are marked to find out.</summary>
    Testing,

    /// <summary>They were sent; until the peer's counts confirm them, nothing is marked.</summary>
    Unknown,

    /// <summary>It does: every packet is marked.</summary>
    Capable,
}
