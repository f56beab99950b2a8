using NexStream.Core.Buffers;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Replay.Text;

namespace NexStream.Replay.Inputs;

/// <summary>The host took frames of the arena.</summary>
internal sealed record TakeFramesInput(int Count) : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => $"the host takes {Count} frames of the arena";

    public override void Apply(ReplayHost host)
    {
        for (int i = 0; i < Count; i++)
        {
            host.Holds.TakeFrame();
        }
    }
}

/// <summary>A peer's frames become known.</summary>
internal sealed record RegisterRegionInput(int FrameSize, int FrameCount) : TraceInput
{
    public override string Text => $"RegisterRegion {FrameCount} frames of {FrameSize} bytes";

    public override void Apply(ReplayHost host)
    {
        FrameRegion region = host.Memory.AddRegion(FrameSize, FrameCount);
        host.Endpoint.RegisterRegion(region);
        host.Outcome.Watch(region);
        host.Outcome.Region(region.Number);
        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => $"region {fields.TakeNumber()}";
}

/// <summary>They are forgotten.</summary>
internal sealed record UnregisterRegionInput(int Number) : TraceInput
{
    public override string Text => $"TryUnregisterRegion {Number}";

    public override void Apply(ReplayHost host)
    {
        if (host.Memory.Region(Number) is not { } region)
        {
            return;
        }

        bool isDone = host.Endpoint.TryUnregisterRegion(region);
        if (isDone)
        {
            host.Outcome.Forget(Number);
            host.Memory.RemoveRegion(Number);
        }

        host.Outcome.Region(isDone ? 1 : 0);
        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => fields.TakeNumber() == 1 ? "done" : "still referenced";
}

/// <summary>A link gives references back.</summary>
internal sealed record ReleaseFrameInput(uint Frame, int Count) : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => $"ReleaseFrame {Names.Frame(Frame)}{(Count == 1 ? string.Empty : $", {Count} holds")}";

    public override void Apply(ReplayHost host) => host.Holds.Release(Frame, Count);
}

/// <summary>The application gives slices back.</summary>
internal sealed record ReturnInput(PayloadSlice[] Slices) : TraceInput
{
    public override string Text => $"Return {Names.Slices(Slices)}";

    public override void Apply(ReplayHost host)
    {
        host.Holds.Return(Slices);
        host.Outcome.Done();
        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => "done";
}
