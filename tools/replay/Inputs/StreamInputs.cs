using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Replay.Text;

namespace NexStream.Replay.Inputs;

/// <summary>Bytes or a message are sent.</summary>
internal sealed record SendInput(int Index, uint Generation, byte[] Data, SendOptions Options) : TraceInput
{
    public override string Text => $"Send {Data.Length} bytes on stream {Index}.{Generation}{Names.Options(Options)}";

    public override void Apply(ReplayHost host)
    {
        host.Outcome.Result(host.Stream(Index, Generation).Send(Data, Options));
        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => OutcomeText.Sent(fields);
}

/// <summary>A frame is leased.</summary>
internal sealed record LeaseInput(int Index, uint Generation) : TraceInput
{
    public override string Text => $"TryLease on stream {Index}.{Generation}";

    public override void Apply(ReplayHost host)
    {
        CallStatus status = host.Stream(Index, Generation).TryLease(out PayloadSlice slice);
        host.Outcome.Status(status);
        host.Outcome.Handle(slice.Offset, slice.Frame);
        host.Answer();
        if (status == CallStatus.Ok)
        {
            host.Holds.OnLent([slice]);
        }
    }

    public override string Describe(OutcomeFields fields)
    {
        var status = fields.Take<CallStatus>();
        return status == CallStatus.Ok ? $"Ok, {Names.Frame((uint)(fields.TakeNumber() >> 32))}" : status.ToString();
    }
}

/// <summary>Leased frames are sent.</summary>
internal sealed record SendZeroCopyInput(int Index, uint Generation, FilledSlice[] Slices, SendOptions Options) : TraceInput
{
    public override string Text => $"SendZeroCopy {Names.Slices(Slices.Select(part => part.Slice))} on stream {Index}.{Generation}{Names.Options(Options)}";

    public override void Apply(ReplayHost host)
    {
        PayloadSlice[] slices = host.Holds.ToSend(Slices);
        if (slices.Length == 0 && Slices.Length != 0)
        {
            return;
        }

        for (int i = 0; i < slices.Length; i++)
        {
            host.Put(Slices[i] with { Slice = slices[i] });
        }

        SendResult result = host.Stream(Index, Generation).SendZeroCopy(slices, Options);
        host.Outcome.Result(result);
        host.Answer();
        if (result.Status == CallStatus.Ok)
        {
            host.Holds.OnSent(slices);
        }
    }

    public override string Describe(OutcomeFields fields) => OutcomeText.Sent(fields);
}

/// <summary>Bytes or a message are read.</summary>
internal sealed record ReadInput(int Index, uint Generation, int Length) : TraceInput
{
    public override string Text => $"Receive up to {Length} bytes on stream {Index}.{Generation}";

    public override void Apply(ReplayHost host)
    {
        Span<byte> buffer = host.Buffer(Length);
        ReceiveResult result = host.Stream(Index, Generation).Receive(buffer);
        host.Outcome.Result(result);
        if (result.Status == CallStatus.Ok)
        {
            host.Outcome.Bytes(buffer[..result.Bytes]);
        }

        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => OutcomeText.Read(fields);
}

/// <summary>Slices are read.</summary>
internal sealed record ReadZeroCopyInput(int Index, uint Generation, int Length) : TraceInput
{
    public override string Text => $"ReceiveZeroCopy up to {Length} slices on stream {Index}.{Generation}";

    public override void Apply(ReplayHost host)
    {
        var slices = new PayloadSlice[Length];
        ReceiveResult result = host.Stream(Index, Generation).ReceiveZeroCopy(slices);
        host.Outcome.Result(result);
        if (result.Status == CallStatus.Ok)
        {
            host.Outcome.Slices(slices.AsSpan(0, result.Slices));
            host.Holds.OnLent(slices.AsSpan(0, result.Slices));
        }

        host.Answer();
    }

    public override string Describe(OutcomeFields fields) => OutcomeText.ReadSlices(fields);
}

/// <summary>What a stream is to reach is changed.</summary>
internal sealed record SetDeliveryInput(int Index, uint Generation, ProbabilisticConfig Config) : TraceInput
{
    public override string Text => $"SetDelivery {Names.Delivery(Config)} on stream {Index}.{Generation}";

    public override void Apply(ReplayHost host) => host.Answer(host.Stream(Index, Generation).SetDelivery(Config));
}

/// <summary>The sending half is ended.</summary>
internal sealed record FinishInput(int Index, uint Generation) : TraceInput
{
    public override string Text => $"Finish stream {Index}.{Generation}";

    public override void Apply(ReplayHost host) => host.Answer(host.Stream(Index, Generation).Finish());
}

/// <summary>A stream is closed.</summary>
internal sealed record CloseStreamInput(int Index, uint Generation) : TraceInput
{
    public override string Text => $"Close stream {Index}.{Generation}";

    public override void Apply(ReplayHost host) => host.Answer(host.Stream(Index, Generation).Close());
}

/// <summary>A stream is reset.</summary>
internal sealed record ResetStreamInput(int Index, uint Generation, ReasonCode Reason) : TraceInput
{
    public override string Text => $"Reset stream {Index}.{Generation}, {Reason}";

    public override void Apply(ReplayHost host) => host.Answer(host.Stream(Index, Generation).Reset(Reason));
}
