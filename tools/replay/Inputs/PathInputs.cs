using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Replay.Inputs;

/// <summary>A further path is opened.</summary>
internal sealed record OpenPathInput(int Index, uint Generation, NodeId Local, Instant Now) : TraceInput
{
    public override string Text => $"OpenPath of connection {Index}.{Generation} from {Local}, at {Now}";

    public override void Apply(ReplayHost host)
    {
        CallStatus status = host.Connection(Index, Generation).OpenPath(Local, Now, out byte path);
        host.Outcome.Status(status);
        host.Outcome.Path(path);
        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => $"{fields.Take<CallStatus>()}, path {fields.TakeNumber()}";
}

/// <summary>A further path is closed.</summary>
internal sealed record ClosePathInput(int Index, uint Generation, byte Path, Instant Now) : TraceInput
{
    public override string Text => $"ClosePath {Path} of connection {Index}.{Generation}, at {Now}";

    public override void Apply(ReplayHost host) => host.Answer(host.Connection(Index, Generation).ClosePath(Path, Now));
}

/// <summary>A path gets its parts.</summary>
internal sealed record SetPathWeightInput(int Index, uint Generation, byte Path, byte Weight) : TraceInput
{
    public override string Text => $"SetPathWeight {Weight} for path {Path} of connection {Index}.{Generation}";

    public override void Apply(ReplayHost host) => host.Answer(host.Connection(Index, Generation).SetPathWeight(Path, Weight));
}
