using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Hosting;

/// <summary>What readers find when the peer finished its streams and closed: all bytes, and then the end.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class ClosingTests
{
    private const ReasonCode Reason = ReasonCode.ApplicationBase + 7;

    [Test]
    public async Task FinishAndClose_ReaderComesLater_GetsTheBytesAndTheEnd(
        [Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode, [Values(ReasonCode.None, Reason)] ReasonCode reason)
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync(mode);
        await near.SendAsync(new byte[1000]);
        await near.FinishAsync();
        Task<DrainReport> closing = near.Connection.CloseAsync(reason).AsTask();

        // Nothing waits for streams any more once the close has arrived, behind all data.
        await Assert.ThrowsAsync<NexStreamException>(async () => await far.Connection.AcceptStreamAsync());
        byte[] got = new byte[2000];
        Assert.That(await far.ReceiveAsync(got), Is.EqualTo(1000));
        Assert.That(await far.ReceiveAsync(got), Is.Zero);
        Assert.That((await closing).IsClean, Is.True);
        await OverAsync(far);
        Assert.That(await far.ReceiveAsync(got), Is.Zero, "The end stays the end.");
        using ReceiveLease end = await far.ReceiveLeaseAsync();
        Assert.That(end.IsEnd, Is.True);
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await far.SendAsync(got)))!.Reason, Is.EqualTo(reason));
    }

    [Test]
    public async Task FinishAndClose_ReaderThatWaits_GetsTheEnd([Values] bool isLease, [Values(ReasonCode.None, Reason)] ReasonCode reason)
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        Task<int> waiting = isLease ? LengthAsync(far) : far.ReceiveAsync(new byte[1]).AsTask();
        await near.FinishAsync();
        await near.Connection.CloseAsync(reason);
        Assert.That(await waiting, Is.Zero);
    }

    [Test]
    public async Task FinishAndClose_ReaderWhoComesWhenAllIsOver_GetsTheEnd([Values(ReasonCode.None, Reason)] ReasonCode reason)
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.FinishAsync();
        await near.Connection.CloseAsync(reason);
        await OverAsync(far);
        Assert.That(await far.ReceiveAsync(new byte[1]), Is.Zero);
    }

    [Test]
    public async Task Close_AnotherStreamWasNotRead_TakesNoEndAway()
    {
        await using HostPair pair = new(new ConnectionConfig { Linger = TimeSpan.FromMilliseconds(50) });
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.FinishAsync();
        NexStreamStream other = await near.Connection.OpenStreamAsync(TransportMode.ReliableOrdered);
        await other.SendAsync(new byte[1000]);
        NexStreamStream unread = await far.Connection.AcceptStreamAsync();
        await unread.ReceiveAsync(Memory<byte>.Empty);
        await near.Connection.CloseAsync();
        await OverAsync(far);
        Assert.That(await far.ReceiveAsync(new byte[1]), Is.Zero);
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await unread.ReceiveAsync(new byte[1])))!.Error, Is.EqualTo(NexStreamError.ConnectionClosed));
    }

    [Test]
    public async Task Close_WithAReasonAndNotFinished_IsNoEnd()
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.SendAsync(new byte[1000]);
        Task closing = near.Connection.CloseAsync(Reason).AsTask();
        Assert.That(await far.ReceiveAsync(new byte[2000]), Is.EqualTo(1000));
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.ReceiveAsync(new byte[2000]));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectionClosed));
        Assert.That(failure.Reason, Is.EqualTo(Reason));
        await closing;
    }

    [Test]
    public async Task Dispose_ThenAbort_GivesUpWhatIsNotAcknowledged()
    {
        await using HostPair pair = new(new ConnectionConfig { StreamReceiveWindow = 64 * 1024, StreamReceiveWindowMax = 64 * 1024 });
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.SendAsync(new byte[200_000]);
        await near.DisposeAsync();
        near.Abort(Reason);
        byte[] got = new byte[200_000];
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.AsStream().ReadExactlyAsync(got));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.StreamReset));
        Assert.That(failure.Reason, Is.EqualTo(Reason));
    }

    private static async Task<int> LengthAsync(NexStreamStream stream)
    {
        using ReceiveLease lease = await stream.ReceiveLeaseAsync();
        return (int)lease.Data.Length;
    }

    private static Task OverAsync(NexStreamStream stream) => Task.Delay(Timeout.Infinite, stream.Connection.Closed).ContinueWith(_ => { }, TaskScheduler.Default);
}
