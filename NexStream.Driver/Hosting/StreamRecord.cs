using NexStream.Core;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Hosting;

/// <summary>A stream as the driver's thread knows it: what waits on it, and how its halves ended.</summary>
internal sealed class StreamRecord
{
    /// <summary>Sends, leases and the end of sending, in the order in which they were asked for.</summary>
    public OperationQueue Sends;

    public OperationQueue Receives;

    public StreamRecord(ConnectionRecord connection, StreamHandle handle)
    {
        Connection = connection;
        Handle = handle;
        Id = handle.Id;
        Mode = handle.Mode;
        Owner = new NexStreamStream(this);
    }

    public ConnectionRecord Connection { get; }

    public StreamHandle Handle { get; }

    public uint Id { get; }

    public TransportMode Mode { get; }

    public NexStreamStream Owner { get; }

    /// <summary>The end of what the peer sends was read.</summary>
    public bool IsEndRead { get; set; }

    /// <summary>Sending was finished here.</summary>
    public bool IsFinished { get; set; }

    /// <summary>It was disposed of here.</summary>
    public bool IsDisposed { get; set; }

    /// <summary>What arrives is thrown away.</summary>
    public bool IsDiscarding { get; set; }

    /// <summary>Why the peer reads no more; null while it does.</summary>
    public ReasonCode? Stopped { get; set; }

    /// <summary>Why the peer gave up sending; null while it did not.</summary>
    public ReasonCode? Reset { get; set; }

    /// <summary>Why nothing can be asked of it any more; null as long as one of its halves lives.</summary>
    public NexStreamException? OverFailure => Handle.Id != StreamId.ConnectionControl ? null
        : Connection.Failure(0) ?? new(NexStreamError.StreamFinished, $"Stream {Id} is over, both its halves, and what it has counted is gone: ask before its end.");

    /// <summary>Why nothing more can be sent.</summary>
    public NexStreamException SendFailure(int taken)
    {
        if (IsFinished || IsDisposed)
        {
            return new(NexStreamError.StreamFinished, $"Stream {Id}: its sending half was finished, so that nothing can be sent any more.") { BytesTaken = taken };
        }

        if (Stopped is { } stopped)
        {
            return new(NexStreamError.StreamStopped, $"Stream {Id}: the peer takes no more of it ({stopped}).", stopped) { BytesTaken = taken };
        }

        return Connection.Failure(taken) ?? new(NexStreamError.StreamStopped, $"Stream {Id} has ended.") { BytesTaken = taken };
    }

    /// <summary>Why nothing more can be received.</summary>
    public NexStreamException ReceiveFailure(ReasonCode reason)
    {
        if (IsDisposed)
        {
            return new(NexStreamError.StreamFinished, $"Stream {Id} was disposed of.");
        }

        reason = reason == ReasonCode.None ? Reset ?? ReasonCode.None : reason;
        if (reason == ReasonCode.None && Connection.Failure(0) is { } failure)
        {
            return failure;
        }

        return new(NexStreamError.StreamReset, $"Stream {Id}: the peer gave up sending ({reason}); what it had sent before may be incomplete.", reason);
    }
}
