using NexStream.Core;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Replay.Inputs;

/// <summary>One call of an endpoint, with everything that it depends on.</summary>
internal abstract record TraceInput
{
    /// <summary>Whether a call that returns always gives something back: one without an outcome then threw, or never ended.</summary>
    public virtual bool AlwaysAnswers => true;

    /// <summary>The call, in a line.</summary>
    public abstract string Text { get; }

    /// <summary>Carries it out, and hands what it gives back to the host.</summary>
    public abstract void Apply(ReplayHost host);

    /// <summary>What it gave back, in words.</summary>
    /// <exception cref="TraceException">The fields are not those of this call.</exception>
    public virtual string Describe(OutcomeFields fields) => $"{fields.Take<CallStatus>()}";
}
