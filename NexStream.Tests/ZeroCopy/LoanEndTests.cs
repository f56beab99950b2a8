using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.ZeroCopy;

/// <summary>Leases and received slices outlive their stream and their connection, and nothing is lost once they are returned.</summary>
[TestFixture]
public sealed class LoanEndTests
{
    private const int FrameCount = 256;
    private const int Length = 1000;

    public enum End
    {
        Reset,
        CloseConnection,
        Abort,
    }

    [Test]
    public void Return_AfterTheEnd_FreesEverything([Values] TransportMode mode, [Values] End end)
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        PayloadSlice[] leases = [sender.Lease(), sender.Lease(), sender.Lease()];
        leases[0] = leases[0].WithLength(Length);
        leases[1] = leases[1].WithLength(Length);
        pair.Client.Endpoint.Bytes(leases[0]).Fill(1);
        Assert.That(sender.SendZeroCopy(leases.AsSpan(0, 1)).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => receiver.IsReadable);
        var lent = new PayloadSlice[1];
        Assert.That(receiver.ReceiveZeroCopy(lent).Bytes, Is.EqualTo(Length));

        // One more is on its way, or waits to be read, when the end comes.
        Assert.That(sender.SendZeroCopy(leases.AsSpan(1, 1)).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunFor(Instant.Millisecond);
        Finish(pair, sender, receiver, end);

        Assert.That(pair.Client.FramesInUse, Is.EqualTo(2), "The lease and what the receiver reads.");
        Assert.That(pair.Server.Region.HeldCount, Is.EqualTo(1));
        Assert.That(pair.Server.Endpoint.Bytes(lent[0]).ToArray(), Is.All.EqualTo(1));
        pair.Server.Endpoint.Return(lent);
        pair.Client.Endpoint.Return(leases.AsSpan(2, 1));
        Assert.That(pair.Client.FramesInUse, Is.Zero);
        Assert.That(pair.Server.FramesInUse, Is.Zero);
        Assert.That(pair.Server.Region.HeldCount, Is.Zero);
    }

    [Test]
    public void Return_LastOfAClosedLink_LetsItsRegionGo()
    {
        using var pair = new LoanPair(frameCount: FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableOrdered);
        Assert.That(sender.SendZeroCopy([sender.Lease().WithLength(Length)]).Status, Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => receiver.IsReadable);
        var lent = new PayloadSlice[1];
        receiver.ReceiveZeroCopy(lent);
        pair.Server.Connection.Abort(pair.Now);
        pair.Settle();

        Assert.That(pair.Server.Endpoint.TryUnregisterRegion(pair.Server.Region), Is.False);
        pair.Server.Endpoint.Return(lent);
        Assert.That(pair.Server.Endpoint.TryUnregisterRegion(pair.Server.Region), Is.True);
    }

    [Test]
    public void ReceiveZeroCopy_HandedOver_GivesCreditBackAndKeepsTheFramesCharged()
    {
        using var pair = new LoanPair(new ConnectionConfig { StreamReceiveWindow = 8 * 1024, StreamReceiveWindowMax = 8 * 1024 }, FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableOrdered);
        var lent = new List<PayloadSlice>();
        var slices = new PayloadSlice[8];
        const int Count = 32;
        for (int i = 0; i < Count; i++)
        {
            Assert.That(sender.SendZeroCopy([sender.Lease().WithLength(Length)]).Status, Is.EqualTo(CallStatus.Ok));
            long got = 0;
            pair.RunUntil(() =>
            {
                ReceiveResult result = receiver.ReceiveZeroCopy(slices);
                lent.AddRange(slices[..result.Slices]);
                got += result.Bytes;
                return got == Length;
            });
        }

        // Four windows went by, though nothing was returned.
        Assert.That(lent.Sum(slice => slice.Length), Is.EqualTo(Count * Length));
        Assert.That(pair.Server.Connection.Statistics.FramesHeld, Is.GreaterThanOrEqualTo(Count));
        pair.Server.Endpoint.Return([.. lent]);
        Assert.That(pair.Server.Connection.Statistics.FramesHeld, Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void ReceiveZeroCopy_ReaderKeepsItsWholeShare_ReceivesNothingMoreUntilItReturns()
    {
        // The peer has memory enough; what is short is what the reader may hold: 8 frames.
        using var pair = new LoanPair(new ConnectionConfig { ArenaShare256 = 8 }, FrameCount);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(TransportMode.ReliableOrdered);
        int share = FrameCount * 8 / 256;
        var lent = new List<PayloadSlice>();
        var slices = new PayloadSlice[1];
        void Exchange(int turns)
        {
            for (int turn = 0; turn < turns; turn++)
            {
                if (sender.TryLease(out PayloadSlice lease) == CallStatus.Ok && sender.SendZeroCopy([lease.WithLength(Length)]).Status != CallStatus.Ok)
                {
                    pair.Client.Endpoint.Return([lease]);
                }

                pair.Turn();
                while (receiver.ReceiveZeroCopy(slices) is { Slices: 1 })
                {
                    lent.Add(slices[0]);
                }
            }
        }

        Exchange(500);
        Assert.That(pair.Server.Connection.Statistics.FramesHeld, Is.LessThanOrEqualTo(share));
        int kept = lent.Count;
        Assert.That(kept, Is.GreaterThan(0));
        Assert.That(kept, Is.LessThanOrEqualTo(share + 1));
        pair.Server.Endpoint.Return([.. lent]);
        Exchange(3000);
        Assert.That(lent, Has.Count.GreaterThan(kept));
    }

    private static void Finish(LoanPair pair, StreamHandle sender, StreamHandle receiver, End end)
    {
        switch (end)
        {
            case End.Reset:
                sender.Reset(ReasonCode.Aborted);
                receiver.Reset(ReasonCode.Aborted);
                break;
            case End.CloseConnection:
                receiver.Close();
                pair.Client.Connection.Close(pair.Now);
                pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed) && pair.Server.Has(EventKind.ConnectionClosed));
                break;
            default:
                pair.Client.Connection.Abort(pair.Now);
                pair.RunUntil(() => pair.Client.Has(EventKind.ConnectionClosed) && pair.Server.Has(EventKind.ConnectionClosed));
                break;
        }

        pair.Settle();
    }
}
