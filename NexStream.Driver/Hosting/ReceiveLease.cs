using System.Buffers;

namespace NexStream.Driver.Hosting;

/// <summary>
/// Received bytes where they lie, often in the sender's own memory (NS-NF-007). To be disposed of in any case: until then the memory counts against the
/// connection, and one that keeps too much receives nothing more.
/// </summary>
public readonly struct ReceiveLease : IDisposable
{
    private readonly FrameLoan? _loan;
    private readonly int _version;

    internal ReceiveLease(FrameLoan loan, ulong? number)
    {
        _loan = loan;
        _version = loan.Version;
        Number = number;
    }

    /// <summary>The bytes: a message, or as much of an RO stream as was there. Empty: the end of the stream. Not to be touched after <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public ReadOnlySequence<byte> Data => _loan?.Sequence(_version) ?? ReadOnlySequence<byte>.Empty;

    /// <summary>Whether the peer ended its sending half and everything was read.</summary>
    public bool IsEnd => _loan is null;

    /// <summary>The message's number where it has one.</summary>
    public ulong? Number { get; }

    /// <summary>Gives the memory back. A second time nothing happens.</summary>
    public void Dispose()
    {
        if (_loan is not null && _loan.TryEnd(_version))
        {
            _loan.Host.Post(new Command(CommandKind.Return, _loan));
        }
    }
}
