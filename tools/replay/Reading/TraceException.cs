namespace NexStream.Replay.Reading;

/// <summary>A file is no trace, or says what no endpoint can be: the message says what, and where.</summary>
public sealed class TraceException(string message) : Exception(message);
