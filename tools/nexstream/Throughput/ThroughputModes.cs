using NexStream.Core.Primitives;

namespace NexStream.Tool.Throughput;

/// <summary>The modes, as the command line has them.</summary>
internal static class ThroughputModes
{
    /// <summary>A mode's name.</summary>
    public static string NameOf(TransportMode mode) => mode switch
    {
        TransportMode.ReliableUnordered => "ru",
        TransportMode.BestEffort => "be",
        TransportMode.Probabilistic => "pr",
        _ => "ro",
    };

    /// <summary>Bytes of a message, or of a write, where nobody says: a message of BE and PR fits into the smallest packet that there is.</summary>
    public static int StandardSize(TransportMode mode) => mode switch
    {
        TransportMode.ReliableOrdered => 128 * 1024,
        TransportMode.ReliableUnordered => 16 * 1024,
        _ => 1000,
    };
}
