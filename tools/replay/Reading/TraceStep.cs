using NexStream.Replay.Inputs;

namespace NexStream.Replay.Reading;

/// <summary>A call, and what it gave back.</summary>
/// <param name="Number">Which one it is, from 0.</param>
/// <param name="Input">The call.</param>
/// <param name="Outcome">What came of it; null: nothing, or it threw.</param>
internal sealed record TraceStep(long Number, TraceInput Input, RecordedOutcome? Outcome);

/// <summary>What a call gave back.</summary>
/// <param name="Hash">The running hash behind it.</param>
/// <param name="Fields">All of it; null: the trace has the hash only.</param>
internal sealed record RecordedOutcome(uint Hash, OutcomeFields? Fields);
