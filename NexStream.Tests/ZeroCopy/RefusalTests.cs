using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.ZeroCopy;

/// <summary>What is refused, with the leases still the application's; and mistakes of the application, which change nothing.</summary>
[TestFixture]
public sealed class RefusalTests
{
    private const int FrameCount = 64;

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void SendZeroCopy_SendBufferIsFull_WouldBlockAndKeepsTheLeases(TransportMode mode)
    {
        using var pair = new LoanPair(new ConnectionConfig { SendBuffer = 3000 }, FrameCount);
        (StreamHandle sender, _) = pair.Open(mode);
        PayloadSlice[] leases = [sender.Lease(), sender.Lease()];
        Assert.That(sender.SendZeroCopy(leases.AsSpan(..1)).Status, Is.EqualTo(CallStatus.Ok));
        Assert.That(sender.SendZeroCopy(leases.AsSpan(1..)), Is.EqualTo(new SendResult(CallStatus.WouldBlock)));
        Assert.That(sender.Statistics.SendBuffered, Is.EqualTo(LoanPair.FrameSize));

        pair.Client.Events.Clear();
        pair.RunUntil(() => pair.Client.Has(EventKind.StreamWritable));
        pair.RunUntil(() => sender.Statistics.SendBuffered == 0);
        Assert.That(sender.SendZeroCopy(leases.AsSpan(1..)).Status, Is.EqualTo(CallStatus.Ok));
    }

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void SendZeroCopy_LongerThanTheSendBufferThatIsEmpty_IsTaken(TransportMode mode)
    {
        using var pair = new LoanPair(new ConnectionConfig { SendBuffer = 3000 }, FrameCount);
        (StreamHandle sender, _) = pair.Open(mode);
        Assert.That(sender.SendZeroCopy([sender.Lease(), sender.Lease()]), Is.EqualTo(new SendResult(CallStatus.Ok, 2 * LoanPair.FrameSize)));
    }

    [Test]
    public void TryLease_ShareIsUsedUp_WouldBlockUntilSomethingIsReturned()
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, _) = pair.Open(TransportMode.ReliableUnordered);
        var leases = new List<PayloadSlice>();
        while (sender.TryLease(out PayloadSlice lease) == CallStatus.Ok)
        {
            leases.Add(lease);
        }

        // Half of what the connection may hold is for sending, leased or sent.
        Assert.That(leases, Has.Count.EqualTo(FrameCount * new ConnectionConfig().ArenaShare256 / 256 / 2));
        Assert.That(sender.TryLease(out PayloadSlice none), Is.EqualTo(CallStatus.WouldBlock));
        Assert.That(none, Is.EqualTo(default(PayloadSlice)));
        Assert.That(pair.Client.FramesInUse, Is.EqualTo(leases.Count));

        pair.Client.Events.Clear();
        pair.Client.Endpoint.Return([leases[0]]);
        pair.Turn();
        Assert.That(pair.Client.Has(EventKind.StreamWritable), Is.True);
        Assert.That(sender.TryLease(out _), Is.EqualTo(CallStatus.Ok));
    }

    [TestCase(TransportMode.BestEffort)]
    [TestCase(TransportMode.Probabilistic)]
    public void SendZeroCopy_MoreSlicesThanAPacketHas_IsTooLong(TransportMode mode)
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        PayloadSlice[] leases = [.. Enumerable.Range(0, Transmission.SliceCountMax + 1).Select(_ => sender.Lease().WithLength(300))];

        // By its bytes it would fit one packet.
        PayloadSlice[] shortened = [.. leases.Select(lease => lease.WithLength(10))];
        Assert.That(sender.SendZeroCopy(shortened).Status, Is.EqualTo(CallStatus.MessageTooLong));
        Assert.That(sender.SendZeroCopy([leases[0].WithLength(LoanPair.FrameSize)]).Status, Is.EqualTo(CallStatus.MessageTooLong));
        Assert.That(sender.SendZeroCopy(leases.AsSpan(1)), Is.EqualTo(new SendResult(CallStatus.Ok, 1200)));
        pair.RunUntil(() => receiver.IsReadable);
        Assert.That(receiver.ReceiveZeroCopy(new PayloadSlice[3]), Has.Property(nameof(ReceiveResult.Slices)).EqualTo(4));
        pair.Client.Endpoint.Return(leases.AsSpan(..1));
    }

    [Test]
    public void SendZeroCopy_NoSlices_IsAnEmptyMessageOrNoBytes()
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle message, _) = pair.Open(TransportMode.ReliableUnordered);
        (StreamHandle bytes, _) = pair.Open(TransportMode.ReliableOrdered);
        Assert.That(message.SendZeroCopy([]).Status, Is.EqualTo(CallStatus.MessageEmpty));
        Assert.That(bytes.SendZeroCopy([]), Is.EqualTo(new SendResult(CallStatus.Ok)));
    }

    [Test]
    public void ZeroCopy_StaleHandle_IsClosedAndKeepsTheLease([Values] TransportMode mode)
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        PayloadSlice lease = sender.Lease();
        sender.Reset(ReasonCode.Aborted);
        receiver.Reset(ReasonCode.Aborted);
        pair.Settle();
        Assert.That(sender.TryLease(out _), Is.EqualTo(CallStatus.Closed));
        Assert.That(sender.SendZeroCopy([lease]).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(sender.ReceiveZeroCopy(new PayloadSlice[1]).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(default(StreamHandle).TryLease(out _), Is.EqualTo(CallStatus.Closed));
        Assert.That(default(StreamHandle).SendZeroCopy([lease]).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(default(StreamHandle).ReceiveZeroCopy(new PayloadSlice[1]).Status, Is.EqualTo(CallStatus.Closed));
        pair.Client.Endpoint.Return([lease]);
        Assert.That(pair.Client.FramesInUse, Is.Zero);
    }

    [Test]
    public void ReceiveZeroCopy_ResetByThePeer_TellsTheReason([Values] TransportMode mode)
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        Assert.That(receiver.ReceiveZeroCopy(new PayloadSlice[1]).Status, Is.EqualTo(CallStatus.WouldBlock));
        sender.Reset(ReasonCode.Aborted);
        pair.RunUntil(() => pair.Server.Has(EventKind.StreamReset));
        ReceiveResult result = receiver.ReceiveZeroCopy(new PayloadSlice[1]);
        Assert.That((result.Status, result.Reason), Is.EqualTo((CallStatus.Reset, ReasonCode.Aborted)));
    }

    [Test]
    public void SendZeroCopy_WrongSlice_SaysWhichAndTakesNone()
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableUnordered);
        Assert.That(sender.SendZeroCopy([sender.Lease().WithLength(1000)]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => receiver.IsReadable);
        var received = new PayloadSlice[1];
        receiver.ReceiveZeroCopy(received);
        PayloadSlice lease = sender.Lease();
        PayloadSlice mine = pair.Server.Connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out StreamHandle back) == CallStatus.Ok
            ? back.Lease()
            : default;

        AssertRefused(() => sender.SendZeroCopy([lease, lease]), "Slice 1");
        AssertRefused(() => sender.SendZeroCopy([lease, lease.WithLength(0)]), "are none");
        AssertRefused(() => sender.SendZeroCopy([lease, lease.WithLength(LoanPair.FrameSize + 1)]), "do not lie inside");
        AssertRefused(() => sender.SendZeroCopy([lease, new PayloadSlice(PayloadSlice.NoFrame, 0, 1)]), "do not lie inside");
        AssertRefused(() => sender.SendZeroCopy([lease, new PayloadSlice(PayloadSlice.FrameOf(0, FrameCount - 1), 0, 1)]), "not the application's");
        AssertRefused(() => back.SendZeroCopy([mine, received[0]]), "peer's memory");

        // Nothing was lost on the way: both can still be sent.
        Assert.That(sender.SendZeroCopy([lease]).Status, Is.EqualTo(CallStatus.Ok));
        Assert.That(back.SendZeroCopy([mine]).Status, Is.EqualTo(CallStatus.Ok));
        AssertRefused(() => sender.SendZeroCopy([lease]), "not the application's");
    }

    [Test]
    public void SendZeroCopy_LeaseOfAnotherConnection_IsRefused()
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, _) = pair.Open(TransportMode.ReliableOrdered);
        Assert.That(pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle second), Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => second.IsOpen);
        Assert.That(second.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle other), Is.EqualTo(CallStatus.Ok));
        PayloadSlice lease = sender.Lease();
        AssertRefused(() => other.SendZeroCopy([lease]), "another connection");
        Assert.That(sender.SendZeroCopy([lease]).Status, Is.EqualTo(CallStatus.Ok));
    }

    [Test]
    public void Return_WhatIsNotHeld_SaysWhichAndTakesNone()
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, _) = pair.Open(TransportMode.ReliableOrdered);
        PayloadSlice lease = sender.Lease();
        PayloadSlice sent = sender.Lease();
        Assert.That(sender.SendZeroCopy([sent]).Status, Is.EqualTo(CallStatus.Ok));
        Endpoint endpoint = pair.Client.Endpoint;

        AssertRefused(() => endpoint.Return([lease, lease]), "Slice 1");
        AssertRefused(() => endpoint.Return([lease, sent]), "Slice 1");
        AssertRefused(() => endpoint.Return([new PayloadSlice(PayloadSlice.FrameOf(7, 0), 0, 1)]), "do not lie inside");
        Assert.That(pair.Client.FramesInUse, Is.EqualTo(2));
        endpoint.Return([lease.WithLength(0)]);
        AssertRefused(() => endpoint.Return([lease]), "not the application's");
        Assert.That(pair.Client.FramesInUse, Is.EqualTo(1));
    }

    [Test]
    public void Bytes_NoMemoryOfTheEndpoint_IsRefused()
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        AssertRefused(() => pair.Client.Endpoint.Bytes(new PayloadSlice(PayloadSlice.FrameOf(7, 0), 0, 1)), "do not lie inside");
        AssertRefused(() => pair.Client.Endpoint.Bytes(new PayloadSlice(PayloadSlice.FrameOf(0, FrameCount), 0, 1)), "do not lie inside");
        AssertRefused(() => pair.Client.Endpoint.Bytes(new PayloadSlice(PayloadSlice.FrameOf(0, 0), 1, LoanPair.FrameSize)), "do not lie inside");
    }

    private static void AssertRefused(Action call, string text) => Assert.That(call, Throws.ArgumentException.With.Message.Contains(text));
}
