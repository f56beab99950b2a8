namespace NexStream.Simulator.Observation;

/// <summary>What the link was like at one instant.</summary>
/// <param name="At">When: nanoseconds from the start.</param>
/// <param name="Queued">Bytes that waited for the way to the servers.</param>
/// <param name="QueueLimit">Bytes that can wait there.</param>
/// <param name="Rate">What it sends, in bytes per second.</param>
/// <param name="ReverseQueued">Bytes that waited for the way back.</param>
internal readonly record struct LinkSample(long At, long Queued, long QueueLimit, long Rate, long ReverseQueued);
