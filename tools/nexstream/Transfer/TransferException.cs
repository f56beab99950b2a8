namespace NexStream.Tool.Transfer;

/// <summary>A file cannot be stored. The message says what happened and what to do; it goes to the peer, too.</summary>
internal sealed class TransferException : Exception
{
    public TransferException()
    {
    }

    public TransferException(string message)
        : base(message)
    {
    }

    public TransferException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public TransferException(TransferStatus status, string message)
        : base(message) => Status = status;

    public TransferStatus Status { get; } = TransferStatus.WriteFailed;
}
