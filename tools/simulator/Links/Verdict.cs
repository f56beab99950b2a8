namespace NexStream.Simulator.Links;

/// <summary>What a queue does with a frame.</summary>
internal enum Verdict
{
    /// <summary>It passes.</summary>
    Pass,

    /// <summary>It passes with a mark, if it is ECN-capable; else it is dropped.</summary>
    Signal,

    /// <summary>It is dropped: there is no room.</summary>
    Drop,
}
