namespace NexStream.Tool.Recording;

/// <summary>One endpoint's trace.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="Calls">Calls of the endpoint that it holds.</param>
internal sealed record RecordedTrace(string Path, long Bytes, long Calls);

/// <summary>How a recorded run went.</summary>
/// <param name="Ok">Whether what had to arrive did, and nothing was wrong.</param>
/// <param name="Link">Which link carried it.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="SentBytes">Application bytes that the client's endpoint took.</param>
/// <param name="DeliveredBytes">Application bytes that the server read.</param>
/// <param name="PacketsLost">Packets that the client declared lost.</param>
/// <param name="Traces">The traces.</param>
/// <param name="Failures">What was wrong.</param>
internal sealed record RecordResult(
    bool Ok, string Link, double Seconds, long SentBytes, long DeliveredBytes, ulong PacketsLost, IReadOnlyList<RecordedTrace> Traces, IReadOnlyList<string> Failures);
