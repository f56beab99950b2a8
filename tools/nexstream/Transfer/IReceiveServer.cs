using NexStream.Tool.Output;

namespace NexStream.Tool.Transfer;

/// <summary>Takes files from senders, whatever the link is.</summary>
internal interface IReceiveServer : IDisposable
{
    /// <summary>Whether a sender was gone before everything was done.</summary>
    bool IsPeerLost { get; }

    /// <summary>Where senders find it, for people.</summary>
    string Address { get; }

    /// <summary>Serves until it is told to stop or, with <paramref name="once"/>, until the first sender is done.</summary>
    void Run(bool once, IProgressView progress, CancellationToken stop);
}
