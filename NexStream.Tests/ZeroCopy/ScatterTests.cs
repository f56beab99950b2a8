using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.ZeroCopy;

/// <summary>Messages and streams that are longer than a frame lie scattered over many.</summary>
[TestFixture]
public sealed class ScatterTests
{
    private const int Length = 1024 * 1024;
    private const int FrameCount = 4096;

    private const int SmallPacket = 1500;

    /// <summary>The longest that may be, with frames of this size.</summary>
    private const int LargePacket = 3 * LoanPair.FrameSize;

    private static readonly byte[] s_data = Lending.Random(Length, 1);

    [TestCase(SmallPacket, TestName = "ReliableUnordered_AMebibyteInSmallPackets_ArrivesWhole")]
    [TestCase(LargePacket, TestName = "ReliableUnordered_AMebibyteInLargePackets_ArrivesWhole")]
    public void ReliableUnordered_AMebibyteOverSlots_ArrivesWhole(int frameLength)
    {
        using var pair = Pair(frameLength);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableUnordered);
        SendResult sent = sender.SendZeroCopy(sender.LeaseFor(pair.Client.Endpoint, s_data));
        Assert.That((sent.Status, sent.Bytes), Is.EqualTo((CallStatus.Ok, Length)));

        pair.RunUntil(() => receiver.IsReadable);
        ReceiveResult needs = receiver.ReceiveZeroCopy([]);
        Assert.That((needs.Status, needs.Bytes), Is.EqualTo((CallStatus.MessageTooLong, Length)));
        Assert.That(needs.Slices, Is.GreaterThanOrEqualTo(Length / LoanPair.FrameSize));
        Assert.That(receiver.ReceiveZeroCopy(new PayloadSlice[needs.Slices - 1]), Is.EqualTo(needs), "Nothing is taken where one place is missing.");
        var slices = new PayloadSlice[needs.Slices];
        ReceiveResult result = receiver.ReceiveZeroCopy(slices);

        Assert.That((result.Status, result.Bytes, result.Slices), Is.EqualTo((CallStatus.Ok, Length, needs.Slices)));
        Assert.That(pair.Server.Endpoint.Gather(slices), Is.EqualTo(s_data));
        pair.Server.Endpoint.Return(slices);
        AssertIdle(pair);
    }

    [Test]
    public void ReliableUnordered_EachSlotFillsAPacket_IsReadFromTheSendersSlots()
    {
        // Where packets cut slots into pieces, the small ones are copied together by the receiver: here there are none.
        int room = SmallPacket - LinkHeader.Size - PacketHeader.Size - DataFrame.GetWireLength(TransportMode.ReliableUnordered, false);
        using var pair = Pair(SmallPacket);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableUnordered);
        pair.Settle();
        PayloadSlice[] leases = [.. Enumerable.Range(0, Length / room).Select(_ => sender.Lease().WithLength(room))];
        int held = pair.Server.FramesInUse;
        Assert.That(sender.SendZeroCopy(leases).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => receiver.IsReadable);
        Assert.That(pair.Server.FramesInUse, Is.EqualTo(held), "The receiver keeps payload in memory of its own.");
        var slices = new PayloadSlice[leases.Length];
        Assert.That(receiver.ReceiveZeroCopy(slices).Slices, Is.EqualTo(leases.Length));

        Assert.That(
            slices.Select(slice => LoanPair.AddressOf(pair.Server.Endpoint.Bytes(slice))),
            Is.EqualTo(leases.Select(lease => LoanPair.AddressOf(pair.Client.Endpoint.Bytes(lease)))));
        pair.Server.Endpoint.Return(slices);
        AssertIdle(pair);
    }

    [TestCase(SmallPacket, TestName = "ReliableOrdered_AMebibyteInSmallPackets_ArrivesInOrder")]
    [TestCase(LargePacket, TestName = "ReliableOrdered_AMebibyteInLargePackets_ArrivesInOrder")]
    public void ReliableOrdered_AMebibyteOverSlots_ArrivesInOrder(int frameLength)
    {
        using var pair = Pair(frameLength);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableOrdered);
        Assert.That(sender.SendZeroCopy(sender.LeaseFor(pair.Client.Endpoint, s_data)), Is.EqualTo(new SendResult(CallStatus.Ok, Length)));
        Assert.That(sender.Finish(), Is.EqualTo(CallStatus.Ok));

        var received = new List<byte>();
        var slices = new PayloadSlice[5];
        var last = CallStatus.Ok;
        pair.RunUntil(() =>
        {
            ReceiveResult result;
            while ((result = receiver.ReceiveZeroCopy(slices)).Status == CallStatus.Ok)
            {
                received.AddRange(pair.Server.Endpoint.Gather(slices.AsSpan(0, result.Slices)));
                pair.Server.Endpoint.Return(slices.AsSpan(0, result.Slices));
            }

            last = result.Status;
            return last != CallStatus.WouldBlock;
        });
        Assert.That(last, Is.EqualTo(CallStatus.EndOfStream));
        Assert.That(received, Is.EqualTo(s_data));
        AssertIdle(pair);
    }

    [Test]
    public void ReliableOrdered_CopiedAndLeasedBytesMixed_KeepTheirOrder()
    {
        using var pair = Pair(SmallPacket);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableOrdered);
        var expected = new List<byte>();
        for (int round = 0; round < 50; round++)
        {
            byte[] piece = Lending.Random(1 + (round * 61), (ulong)round);
            expected.AddRange(piece);
            Assert.That(
                round % 2 == 0 ? sender.Send(piece).Bytes : sender.SendZeroCopy(sender.LeaseFor(pair.Client.Endpoint, piece)).Bytes, Is.EqualTo(piece.Length));
        }

        var received = new List<byte>();
        var slices = new PayloadSlice[3];
        byte[] buffer = new byte[700];
        pair.RunUntil(() =>
        {
            if (received.Count % 2 == 0)
            {
                received.AddRange(buffer[..receiver.Receive(buffer).Bytes]);
            }
            else
            {
                ReceiveResult result = receiver.ReceiveZeroCopy(slices);
                received.AddRange(pair.Server.Endpoint.Gather(slices.AsSpan(0, result.Slices)));
                pair.Server.Endpoint.Return(slices.AsSpan(0, result.Slices));
            }

            return received.Count >= expected.Count;
        });
        Assert.That(received, Is.EqualTo(expected));
    }

    private static LoanPair Pair(int frameLength) => new(new ConnectionConfig { MaxFrameLength = frameLength }, FrameCount);

    /// <summary>Nothing is held but the frame in which each side puts small payloads together.</summary>
    private static void AssertIdle(LoanPair pair)
    {
        pair.Settle();
        Assert.That(pair.Client.FramesInUse, Is.LessThanOrEqualTo(1));
        Assert.That(pair.Server.FramesInUse, Is.LessThanOrEqualTo(1));
        Assert.That(pair.Server.Region.HeldCount, Is.Zero);
    }
}
