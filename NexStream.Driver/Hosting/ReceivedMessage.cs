namespace NexStream.Driver.Hosting;

/// <summary>What a receive gave.</summary>
/// <param name="Bytes">Bytes in the buffer; 0: the peer ended its sending half and everything was read.</param>
/// <param name="Number">The message's number where it has one: RU, PR, and BE with sequence numbers.</param>
public readonly record struct ReceivedMessage(int Bytes, ulong? Number)
{
    /// <summary>Whether the peer ended its sending half and everything was read. Messages have at least one byte.</summary>
    public bool IsEnd => Bytes == 0;
}
