using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Replay.Text;

namespace NexStream.Replay.Inputs;

/// <summary>A connection is opened.</summary>
internal sealed record ConnectInput(NodeId Remote, Instant Now, ConnectionConfig? Config) : TraceInput
{
    public override string Text => $"Connect {Remote}{(Config is null ? string.Empty : ", with a configuration of its own")}, at {Now}";

    public override void Apply(ReplayHost host)
    {
        CallStatus status = host.Endpoint.Connect(Remote, Now, out ConnectionHandle connection, Config);
        host.Outcome.Status(status);
        host.Outcome.Handle(connection.Index, connection.Generation);
        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => $"{fields.Take<CallStatus>()}, connection {Names.Handle(fields.TakeNumber())}";
}

/// <summary>The endpoint is another node.</summary>
internal sealed record ChangeNodeInput(NodeId Node, Instant Now) : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => $"ChangeNode {Node}, at {Now}";

    public override void Apply(ReplayHost host) => host.Endpoint.ChangeNode(Node, Now);
}

/// <summary>A deadline has come.</summary>
internal sealed record HandleTimeoutInput(int Index, uint Generation, Instant Now) : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => $"HandleTimeout connection {Index}.{Generation}, at {Now}";

    public override void Apply(ReplayHost host) => host.Endpoint.HandleTimeout(host.Connection(Index, Generation), Now);
}

/// <summary>Packets are asked for.</summary>
internal sealed record TransmitInput(Instant Now, int Places) : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => $"Transmit up to {Places}, at {Now}";

    public override void Apply(ReplayHost host)
    {
        host.Outcome.Memory();
        ReadOnlySpan<Transmission> burst = host.Burst(Places);
        int written = host.Endpoint.Transmit(Now, burst);
        if (written > 0)
        {
            host.Outcome.Packets(burst[..written]);
            host.Answer();
            host.Holds.OnTransmitted(burst[..written]);
        }
    }

    public override string Describe(OutcomeFields fields) => OutcomeText.Packets(fields);
}

/// <summary>An event is asked for.</summary>
internal sealed record TakeEventInput : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => "TryGetEvent";

    public override void Apply(ReplayHost host)
    {
        if (host.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            host.Outcome.Event(item);
            host.Answer();
        }
    }

    public override string Describe(OutcomeFields fields) => OutcomeText.Event(fields);
}

/// <summary>A deadline is asked for.</summary>
internal sealed record TakeDeadlineInput : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => "TryGetDeadline";

    public override void Apply(ReplayHost host)
    {
        if (host.Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            host.Outcome.Deadline(deadline);
            host.Answer();
        }
    }

    public override string Describe(OutcomeFields fields) => OutcomeText.Deadline(fields);
}
