using NexStream.Core;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Demo;

/// <summary>One mode's work, both ends of it.</summary>
internal interface ITraffic
{
    TransportMode Mode { get; }

    /// <summary>The share that was delivered or, where delivery is not promised, sent: 0 to 1.</summary>
    double Progress { get; }

    /// <summary>Whether the reader has come to the end.</summary>
    bool IsFinished { get; }

    /// <summary>Gives the sending end its stream.</summary>
    void OnOpened(StreamHandle stream);

    /// <summary>Gives the reading end its stream.</summary>
    void OnAccepted(StreamHandle stream);

    /// <summary>Sends what the stream takes. Returns whether it took anything.</summary>
    bool Send(Instant now);

    /// <summary>Reads what there is. Returns whether there was anything.</summary>
    bool Receive(Instant now);

    ModeResult Result();

    /// <summary>The guarantees of the mode that were broken.</summary>
    IEnumerable<string> Failures();
}
