using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.ZeroCopy;

/// <summary>What is lost is sent again from where the application wrote it.</summary>
[TestFixture]
public sealed class RetransmissionTests
{
    private const int Length = 1000;

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void SendZeroCopy_FirstPacketLost_IsSentAgainFromTheSameSlot(TransportMode mode)
    {
        using var pair = new LoanPair();
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        pair.Settle();
        var sent = new List<PayloadSlice>();
        pair.Filter = (from, transmission) =>
        {
            if (from != pair.Client || transmission.SliceCount == 0)
            {
                return true;
            }

            sent.Add(transmission.Slices[0]);
            return sent.Count > 1;
        };
        byte[] data = Lending.Random(Length, 1);
        PayloadSlice part = sender.Lease().SkipFirst(8).WithLength(Length);
        data.CopyTo(pair.Client.Endpoint.Bytes(part));
        Assert.That(sender.SendZeroCopy([part]).Status, Is.EqualTo(CallStatus.Ok));

        pair.RunUntil(() => receiver.IsReadable);
        Assert.That(sent, Has.Count.GreaterThan(1));
        Assert.That(sent, Is.All.EqualTo(part));
        Assert.That(sender.Statistics.Retransmissions, Is.GreaterThan(0));
        var slices = new PayloadSlice[1];
        Assert.That(receiver.ReceiveZeroCopy(slices).Bytes, Is.EqualTo(Length));
        Assert.That(pair.Server.Endpoint.Gather(slices), Is.EqualTo(data));
    }

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void SendZeroCopy_AcknowledgedAndReturned_FreesTheFrame(TransportMode mode)
    {
        using var pair = new LoanPair();
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        Assert.That(sender.SendZeroCopy([sender.Lease().WithLength(Length)]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => receiver.IsReadable && sender.Statistics.SendBuffered == 0);
        pair.Settle();
        Assert.That(pair.Client.FramesInUse, Is.EqualTo(1), "Acknowledged is not released: the receiver still reads it.");

        var slices = new PayloadSlice[1];
        Assert.That(receiver.ReceiveZeroCopy(slices).Bytes, Is.EqualTo(Length));
        Assert.That(pair.Client.FramesInUse, Is.EqualTo(1));
        pair.Server.Endpoint.Return(slices);
        Assert.That(pair.Client.FramesInUse, Is.Zero);
    }

    [Test]
    public void SendZeroCopy_NotAcknowledged_KeepsTheFrameThoughTheLinkIsDone()
    {
        using var pair = new LoanPair();
        (StreamHandle sender, _) = pair.Open(TransportMode.ReliableOrdered);
        pair.Filter = (_, _) => false;
        Assert.That(sender.SendZeroCopy([sender.Lease().WithLength(Length)]).Status, Is.EqualTo(CallStatus.Ok));
        pair.Settle();
        Assert.That(pair.Client.FramesInUse, Is.EqualTo(1));
        Assert.That(sender.Statistics.Sent, Is.EqualTo(Length));
    }
}
