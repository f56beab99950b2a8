using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.ZeroCopy;

/// <summary>
/// Counts copies between two applications (NS-NF-007): payload that lies at another address than where it lay before was copied. It is looked at where
/// the sender wrote it, where the link was handed it, and where the receiver reads it; nothing may be kept elsewhere in between.
/// </summary>
[TestFixture]
public sealed class CopyCountTests
{
    private const int Length = 1000;

    [Test]
    public void ZeroCopy_InEveryMode_CopiesNothing([Values] TransportMode mode)
    {
        using var pair = new LoanPair();
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        int held = pair.Server.FramesInUse;
        byte[] data = Lending.Random(Length, 1);
        PayloadSlice part = sender.Lease().SkipFirst(100).WithLength(Length);
        Span<byte> written = pair.Client.Endpoint.Bytes(part);
        data.CopyTo(written);
        nint source = LoanPair.AddressOf(written);

        Assert.That(sender.SendZeroCopy([part]), Is.EqualTo(new SendResult(CallStatus.Ok, Length)));
        pair.RunUntil(() => receiver.IsReadable);
        Assert.That(pair.Server.FramesInUse, Is.EqualTo(held), "The receiver keeps the payload in memory of its own.");
        Span<PayloadSlice> slices = stackalloc PayloadSlice[2];
        ReceiveResult result = receiver.ReceiveZeroCopy(slices);

        Assert.That((result.Status, result.Bytes, result.Slices), Is.EqualTo((CallStatus.Ok, Length, 1)));
        Span<byte> read = pair.Server.Endpoint.Bytes(slices[0]);
        Assert.That(read.SequenceEqual(data), Is.True);
        Assert.That(Copies(source, pair.Client.LastCarried, LoanPair.AddressOf(read)), Is.Zero);
        pair.Server.Endpoint.Return(slices[..1]);
    }

    [Test]
    public void SendAndReceive_InEveryMode_CopyTwice([Values] TransportMode mode)
    {
        using var pair = new LoanPair();
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        int held = pair.Server.FramesInUse;
        byte[] source = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        byte[] destination = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        Lending.Random(Length, 1).CopyTo(source, 0);

        Assert.That(sender.Send(source).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => receiver.IsReadable);
        Assert.That(pair.Server.FramesInUse, Is.EqualTo(held), "The receiver keeps the payload in memory of its own.");
        Assert.That(receiver.Receive(destination).Bytes, Is.EqualTo(Length));

        Assert.That(destination, Is.EqualTo(source));
        Assert.That(Copies(LoanPair.AddressOf(source), pair.Client.LastCarried, LoanPair.AddressOf(destination)), Is.EqualTo(2));
    }

    private static int Copies(nint source, nint link, nint destination) => (source == link ? 0 : 1) + (link == destination ? 0 : 1);
}
