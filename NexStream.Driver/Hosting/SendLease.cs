namespace NexStream.Driver.Hosting;

/// <summary>
/// A frame of the host's memory to write into and then to send without a copy (NS-NF-007). It is the caller's until
/// <see cref="NexStreamStream.SendAsync(SendLease, int, CancellationToken)"/> is called, which takes it however it ends, or it is disposed of; one of these is due.
/// </summary>
public readonly struct SendLease : IDisposable
{
    private readonly int _version;

    internal SendLease(FrameLoan loan)
    {
        Loan = loan;
        _version = loan.Version;
    }

    /// <summary>The frame. It must not be touched any more once it was sent or given back.</summary>
    /// <exception cref="ObjectDisposedException">It was.</exception>
    public Memory<byte> Memory => Loan is null ? default : Loan.Memory(_version);

    internal FrameLoan? Loan { get; }

    /// <summary>Gives the frame back unused. After it was sent, or a second time, nothing happens.</summary>
    public void Dispose()
    {
        if (Loan is not null && Loan.TryEnd(_version))
        {
            Loan.Host.Post(new Command(CommandKind.Return, Loan));
        }
    }

    /// <summary>Takes the frame away from the caller. False: it was sent or given back before.</summary>
    internal bool TryTake() => Loan is not null && Loan.TryEnd(_version);
}
