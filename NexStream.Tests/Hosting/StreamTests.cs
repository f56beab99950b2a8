using System.Buffers;
using System.Text.RegularExpressions;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Hosting;

[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class StreamTests
{
    private HostPair _pair = null!;

    [SetUp]
    public void Start() => _pair = new HostPair(new ConnectionConfig { SendBuffer = 64 * 1024, StreamReceiveWindow = 64 * 1024, StreamReceiveWindowMax = 64 * 1024, MaxStreams = 4 });

    [TearDown]
    public async Task Stop() => await _pair.DisposeAsync();

    [Test]
    public async Task Send_MoreThanEveryBuffer_ArrivesInOrderAndEnds()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        byte[] data = Pattern(3_000_000);
        Task sending = Task.Run(async () =>
        {
            await near.SendAsync(data);
            await near.FinishAsync();
        });
        byte[] got = new byte[data.Length + 1];
        int count = 0;
        for (int read = -1; read != 0; count += read)
        {
            read = await far.ReceiveAsync(got.AsMemory(count));
        }

        await sending;
        Assert.That(got.AsSpan(0, count).SequenceEqual(data), Is.True);
        Assert.That(await far.ReceiveAsync(got), Is.Zero, "The end stays the end.");
    }

    [Test]
    public async Task SendFinishClose_ReaderComesLater_ReadsAllAndTheEnd()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        await near.SendAsync(Pattern(1000));
        await near.FinishAsync();
        Task closing = near.Connection.CloseAsync().AsTask();
        byte[] got = new byte[2000];
        Assert.That(await far.ReceiveAsync(got), Is.EqualTo(1000));
        Assert.That(await far.ReceiveAsync(got), Is.Zero);
        await closing;
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.SendAsync(got));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectionClosed));
    }

    [TestCase(TransportMode.ReliableUnordered)]
    [TestCase(TransportMode.BestEffort)]
    [TestCase(TransportMode.Probabilistic)]
    public async Task Messages_OfEveryMode_StayWhole(TransportMode mode)
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync(mode);
        await near.SendAsync(Pattern(700));
        byte[] got = new byte[1000];
        ReceivedMessage message = await far.ReceiveMessageAsync(got);
        Assert.That(message.Bytes, Is.EqualTo(700));
        Assert.That(message.Number.HasValue, Is.EqualTo(mode != TransportMode.BestEffort));
        Assert.That(got.AsSpan(0, 700).SequenceEqual(Pattern(700)), Is.True);
    }

    [Test]
    public async Task Receive_MessageLongerThanTheBuffer_SaysSoAndKeepsIt()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync(TransportMode.ReliableUnordered);
        await near.SendAsync(Pattern(5000));
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.ReceiveAsync(new byte[4999]));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.BufferTooSmall));
        Assert.That(failure.Required, Is.EqualTo(5000));
        Assert.That(await far.ReceiveAsync(new byte[failure.Required]), Is.EqualTo(5000));
    }

    [TestCase(0, NexStreamError.MessageEmpty)]
    [TestCase(64 * 1024, NexStreamError.MessageTooLong)]
    public async Task Send_MessageOfAnImpossibleLength_Fails(int length, NexStreamError error)
    {
        (NexStreamStream near, _) = await _pair.OpenAsync(TransportMode.BestEffort);
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await near.SendAsync(new byte[length]));
        Assert.That(failure!.Error, Is.EqualTo(error));
        await near.SendAsync(new byte[1]);
    }

    [TestCase(TransportMode.BestEffort, "that a packet of the path carries now")]
    [TestCase(TransportMode.ReliableUnordered, "that the peer (MaxMessageLength, or its share of memory) and half of the memory of this connection allow now")]
    public async Task Send_MessageTooLong_SaysHowLongItMayBe(TransportMode mode, string limit)
    {
        const int Length = 64 * 1024 * 1024;
        (NexStreamStream near, _) = await _pair.OpenAsync(mode);
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await near.SendAsync(new byte[Length]));
        Assert.That(failure!.Message, Does.Match($"a message of {Length} bytes is longer than the [1-9][0-9]* {Regex.Escape(limit)}; nothing was sent"));
    }

    [Test]
    public async Task Cancel_SendThatWaits_SaysHowMuchWasTakenAndTheStreamGoesOn()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        byte[] data = Pattern(1_000_000);
        using CancellationTokenSource source = new();
        Task sending = near.SendAsync(data, source.Token).AsTask();
        await far.ReceiveAsync(Memory<byte>.Empty);
        source.Cancel();
        NexStreamCanceledException? cancelled = await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await sending);
        Assert.That(cancelled!.BytesTaken, Is.InRange(1, data.Length - 1));
        Task rest = near.SendAsync(data.AsMemory(cancelled.BytesTaken)).AsTask();
        byte[] got = new byte[data.Length];
        for (int count = 0; count < got.Length;)
        {
            count += await far.ReceiveAsync(got.AsMemory(count));
        }

        await rest;
        Assert.That(got.AsSpan().SequenceEqual(data), Is.True);
    }

    [Test]
    public async Task Cancel_ReceiveThatWaits_TakesNothingAndTheNextGetsIt()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        using CancellationTokenSource source = new();
        Task<int> first = far.ReceiveAsync(new byte[10], source.Token).AsTask();
        Task<int> second = far.ReceiveAsync(new byte[10]).AsTask();
        source.Cancel();
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await first);
        await near.SendAsync(new byte[7]);
        Assert.That(await second, Is.EqualTo(7));
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await far.ReceiveAsync(new byte[10], source.Token));
    }

    [Test]
    public async Task Timeouts_OfBothHalves_FailAndTheStreamGoesOn()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        far.ReceiveTimeout = TimeSpan.FromMilliseconds(20);
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await far.ReceiveAsync(new byte[10])))!.Error, Is.EqualTo(NexStreamError.TimedOut));
        near.SendTimeout = TimeSpan.FromMilliseconds(20);
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await near.SendAsync(new byte[1_000_000]));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.TimedOut));
        Assert.That(failure.BytesTaken, Is.InRange(1, 999_999));
        Assert.That(await far.ReceiveAsync(new byte[10]), Is.EqualTo(10));
    }

    [Test]
    public async Task Abort_OfAStream_ReachesThePeerWithItsReason()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        Task<int> waiting = near.ReceiveAsync(new byte[1]).AsTask();
        near.Abort(ReasonCode.ApplicationBase + 5);
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await waiting))!.Error, Is.EqualTo(NexStreamError.StreamFinished));
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.ReceiveAsync(new byte[1]));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.StreamReset));
        Assert.That(failure.Reason, Is.EqualTo(ReasonCode.ApplicationBase + 5));
    }

    [Test]
    public async Task Dispose_OfTheReader_StopsTheWriter()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        Task sending = near.SendAsync(new byte[10_000_000]).AsTask();
        await far.DisposeAsync();
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await sending))!.Error, Is.EqualTo(NexStreamError.StreamStopped));
    }

    [Test]
    public async Task Send_AfterFinish_SaysThatItWasFinished()
    {
        (NexStreamStream near, _) = await _pair.OpenAsync();
        await near.FinishAsync();
        await near.FinishAsync();
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await near.SendAsync(new byte[1])))!.Error, Is.EqualTo(NexStreamError.StreamFinished));
    }

    [Test]
    public async Task Leases_SentAndReceived_CarryTheBytes()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync(TransportMode.ReliableUnordered);
        for (int i = 0; i < 1000; i++)
        {
            SendLease lease = await near.LeaseAsync();
            lease.Memory.Span[..1200].Fill(unchecked((byte)i));
            await near.SendAsync(lease, 1200);
            lease.Dispose();
            Assert.Throws<ObjectDisposedException>(() => _ = lease.Memory);
            using ReceiveLease got = await far.ReceiveLeaseAsync();
            Assert.That(got.Data.Length, Is.EqualTo(1200));
            Assert.That(got.Data.ToArray(), Is.All.EqualTo(unchecked((byte)i)));
        }
    }

    [Test]
    public async Task Lease_OfAnotherConnectionOrSentTwice_IsRefused()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        SendLease lease = await near.LeaseAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await far.SendAsync(lease, 10));
        await near.SendAsync(lease, 10);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await near.SendAsync(lease, 10));
    }

    [Test]
    public async Task Leases_HeldBeyondTheHost_StayReadable()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        await near.SendAsync(Pattern(1000));
        ReceiveLease got = await far.ReceiveLeaseAsync();
        SendLease unused = await far.LeaseAsync();
        await _pair.DisposeAsync();
        Assert.That(got.Data.ToArray(), Is.EqualTo(Pattern((int)got.Data.Length)));
        unused.Memory.Span.Clear();
        unused.Dispose();
        got.Dispose();
        got.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _ = got.Data);
    }

    private static byte[] Pattern(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }
}
