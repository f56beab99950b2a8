namespace NexStream.Tool.Throughput;

/// <summary>What nexstream perf measured between a client and a server, from both ends.</summary>
/// <param name="Ok">Whether both ends came to the end, and in RO and RU everything arrived.</param>
/// <param name="Link">The address.</param>
/// <param name="Role">client or server: whose intervals these are.</param>
/// <param name="Mode">ro, ru, be or pr.</param>
/// <param name="Streams">Streams that carried data.</param>
/// <param name="SizeBytes">Bytes of a message, or of a write.</param>
/// <param name="Reverse">Whether the server sent.</param>
/// <param name="SentBytes">Bytes that the sender's application handed over.</param>
/// <param name="SentMessages">Messages, or writes.</param>
/// <param name="SenderMbps">10^6 bits of them in a second, over the time of sending.</param>
/// <param name="ReceivedBytes">Bytes that the receiver's application read.</param>
/// <param name="ReceivedMessages">Messages, or reads.</param>
/// <param name="ReceiverMbps">10^6 bits of them in a second, from the first byte to the last.</param>
/// <param name="GoodputGbps">The same in 10^9 bits.</param>
/// <param name="PacketsLost">Packets of the sender that were declared lost.</param>
/// <param name="Retransmissions">Packets of the sender that carried data again.</param>
/// <param name="Intervals">The seconds, as this end saw them.</param>
/// <param name="Error">What went wrong; null: nothing.</param>
internal sealed record ThroughputResult(
    bool Ok,
    string Link,
    string Role,
    string Mode,
    int Streams,
    int SizeBytes,
    bool Reverse,
    long SentBytes,
    long SentMessages,
    double SenderMbps,
    long ReceivedBytes,
    long ReceivedMessages,
    double ReceiverMbps,
    double GoodputGbps,
    long PacketsLost,
    long Retransmissions,
    IReadOnlyList<ThroughputInterval> Intervals,
    string? Error)
{
    private const double MbpsInGbps = 1000;

    /// <summary>Puts together what both ends say.</summary>
    public static ThroughputResult From(string link, string role, ThroughputRequest request, in ThroughputTotals sent, in ThroughputTotals received, IntervalMeter meter, string? error)
    {
        bool isReliable = request.Mode is Core.Primitives.TransportMode.ReliableOrdered or Core.Primitives.TransportMode.ReliableUnordered;
        error ??= isReliable && sent.Bytes != received.Bytes ? $"{sent.Bytes} bytes were sent and {received.Bytes} arrived." : null;
        return new ThroughputResult(
            error is null,
            link,
            role,
            ThroughputModes.NameOf(request.Mode),
            request.Streams,
            request.Bytes,
            request.IsReverse,
            sent.Bytes,
            sent.Messages,
            sent.Mbps,
            received.Bytes,
            received.Messages,
            received.Mbps,
            received.Mbps / MbpsInGbps,
            sent.PacketsLost,
            sent.Retransmissions,
            meter.Intervals,
            error);
    }
}
