using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Replay.Running;
using NexStream.Replay.Text;

namespace NexStream.Replay.Inputs;

/// <summary>A slice, and what lay in it; null: it named no memory.</summary>
internal readonly record struct FilledSlice(PayloadSlice Slice, byte[]? Bytes);

/// <summary>A frame came in.</summary>
/// <param name="Now">When.</param>
/// <param name="Header">Its NexLink header.</param>
/// <param name="Head">The packet's leading bytes.</param>
/// <param name="HeadFrame">The arena's frame that these lie in, or <see cref="PayloadSlice.NoFrame"/>.</param>
/// <param name="HeadOffset">Where in it.</param>
/// <param name="Payload">The packet's other bytes.</param>
internal sealed record ReceiveInput(Instant Now, LinkHeader Header, byte[] Head, uint HeadFrame, int HeadOffset, FilledSlice[] Payload) : TraceInput
{
    public override bool AlwaysAnswers => false;

    public override string Text => $"Receive at {Now}: {PacketText.Describe(Header, Head, Payload.Sum(part => (long)part.Slice.Length))}"
        + (HeadFrame == PayloadSlice.NoFrame ? string.Empty : $"; in {Names.Frame(HeadFrame)}")
        + (Payload.Length == 0 ? string.Empty : $"; payload in {Names.Slices(Payload.Select(part => part.Slice))}");

    public override void Apply(ReplayHost host)
    {
        if (HeadFrame != PayloadSlice.NoFrame && host.Holds.TryHandOver(HeadFrame, out uint frame))
        {
            var place = new PayloadSlice(frame, HeadOffset, Head.Length);
            Span<byte> bytes = host.Frames.Bytes(place);
            Head.CopyTo(bytes);
            host.Endpoint.Receive(new LinkFrame(Header, bytes, frame, HeadOffset), Now);
            return;
        }

        var slices = new PayloadSlice[Payload.Length];
        for (int i = 0; i < slices.Length; i++)
        {
            slices[i] = Payload[i].Slice;
            host.Put(Payload[i]);
        }

        host.Endpoint.Receive(new LinkFrame(Header, Head, slices), Now);
    }
}
