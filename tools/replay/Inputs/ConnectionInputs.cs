using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Replay.Text;

namespace NexStream.Replay.Inputs;

/// <summary>A stream is opened.</summary>
internal sealed record OpenStreamInput(int Index, uint Generation, StreamConfig Config) : TraceInput
{
    public override string Text => $"OpenStream on connection {Index}.{Generation}: {Config.Mode}, priority {Config.Priority}{(Config.Path is { } path ? $", path {path}" : string.Empty)}{(Config.Delivery is { } delivery ? $", {Names.Delivery(delivery)}" : string.Empty)}";

    public override void Apply(ReplayHost host)
    {
        CallStatus status = host.Connection(Index, Generation).OpenStream(Config, out StreamHandle stream);
        host.Outcome.Status(status);
        host.Outcome.Handle(stream.Index, stream.Generation);
        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => $"{fields.Take<CallStatus>()}, stream {Names.Handle(fields.TakeNumber())}";
}

/// <summary>A connection is closed, or aborted.</summary>
internal sealed record EndConnectionInput(int Index, uint Generation, Instant Now, ReasonCode Reason, bool IsAbort) : TraceInput
{
    public override string Text => $"{(IsAbort ? "Abort" : "Close")} connection {Index}.{Generation}, {Reason}, at {Now}";

    public override void Apply(ReplayHost host)
    {
        ConnectionHandle connection = host.Connection(Index, Generation);
        host.Answer(IsAbort ? connection.Abort(Now, Reason) : connection.Close(Now, Reason));
    }
}
