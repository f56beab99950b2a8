using System.Net;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;
using NexStream.Tool.Impairment;

namespace NexStream.Tests.Hosting;

[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class HostTests
{
    [Test]
    public async Task Udp_TwoHosts_SpeakByAddress()
    {
        await using NexStreamHost server = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
        await using NexStreamHost client = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
        ValueTask<NexStreamConnection> accepting = server.AcceptAsync();
        NexStreamConnection connection = await client.ConnectAsync(server.LocalEndPoint!);
        NexStreamStream near = await connection.OpenStreamAsync(TransportMode.ReliableOrdered);
        await near.SendAsync("hello"u8.ToArray());
        NexStreamStream far = await (await accepting).AcceptStreamAsync();
        byte[] got = new byte[10];
        Assert.That(await far.ReceiveAsync(got), Is.EqualTo(5));
        Assert.That((await connection.CloseAsync()).IsClean, Is.True);
    }

    [Test]
    public async Task Udp_PortThatIsTaken_ThrowsAndLeaksNothing()
    {
        await using NexStreamHost first = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Throws<LinkException>(() => NexStreamHost.OpenUdp(first.LocalEndPoint!));
    }

    [Test]
    public async Task Connect_NobodyThere_TimesOut()
    {
        await using HostPair pair = new();
        ConnectionConfig hasty = new() { HandshakeTimeout = TimeSpan.FromMilliseconds(50) };
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await pair.Client.ConnectAsync(new NodeId(9, 9), hasty));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectTimedOut));
    }

    [Test]
    public async Task Connect_Cancelled_EndsAtOnce()
    {
        await using HostPair pair = new();
        using CancellationTokenSource source = new();
        Task<NexStreamConnection> connecting = pair.Client.ConnectAsync(new NodeId(9, 9), null, source.Token).AsTask();
        source.Cancel();
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await connecting);
    }

    [Test]
    public async Task Connect_AddressWithoutANetwork_IsTheCallersFault()
    {
        await using HostPair pair = new();
        await Assert.ThrowsAsync<ArgumentException>(async () => await pair.Client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 1)));
    }

    [Test]
    public async Task OpenStream_ImpossibleConfig_IsTheCallersFault()
    {
        await using HostPair pair = new();
        (NexStreamConnection client, _) = await pair.ConnectAsync();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.OpenStreamAsync((TransportMode)77));
        await client.OpenStreamAsync(TransportMode.BestEffort);
    }

    [Test]
    public async Task OpenStream_BeyondThePeersLimit_WaitsUntilOneEnds()
    {
        await using HostPair pair = new(new ConnectionConfig { MaxStreams = 1 });
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        Task<NexStreamStream> second = near.Connection.OpenStreamAsync(TransportMode.ReliableOrdered).AsTask();
        using CancellationTokenSource source = new();
        Task<NexStreamStream> third = near.Connection.OpenStreamAsync(new StreamConfig(TransportMode.ReliableOrdered), source.Token).AsTask();
        source.Cancel();
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await third);
        Assert.That(second.IsCompleted, Is.False);
        await near.DisposeAsync();
        await far.DisposeAsync();
        await second;
    }

    [Test]
    public async Task Accept_ManyWaiting_EachGetsOne()
    {
        await using HostPair pair = new();
        Task<NexStreamConnection>[] accepting = [.. Enumerable.Range(0, 5).Select(_ => pair.Server.AcceptAsync().AsTask())];
        NexStreamConnection[] connected = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => pair.Client.ConnectAsync(pair.Server.Node).AsTask()));
        NexStreamConnection[] accepted = await Task.WhenAll(accepting);
        Assert.That(accepted, Is.Unique);
        Assert.That(connected, Is.Unique);
    }

    [Test]
    public async Task Close_WithUnreadBytes_ReportsThem()
    {
        await using HostPair pair = new(new ConnectionConfig { Linger = TimeSpan.FromMilliseconds(50) });
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.SendAsync(new byte[1000]);
        await far.ReceiveAsync(Memory<byte>.Empty);
        DrainReport report = await far.Connection.CloseAsync();
        Assert.That(report.UnreadBytes, Is.EqualTo(1000));
        Assert.That(await far.Connection.CloseAsync(), Is.EqualTo(report), "A second close says the same.");
    }

    [Test]
    public async Task Abort_OfAConnection_FailsWhateverWaits()
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        Task<int> receiving = far.ReceiveAsync(new byte[1]).AsTask();
        Task<NexStreamStream> accepting = far.Connection.AcceptStreamAsync().AsTask();
        near.Connection.Abort(ReasonCode.ApplicationBase + 1);
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await receiving))!.Reason, Is.EqualTo(ReasonCode.ApplicationBase + 1));
        await Assert.ThrowsAsync<NexStreamException>(async () => await accepting);
        await Task.Delay(Timeout.Infinite, far.Connection.Closed).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Test]
    public async Task PeerThatDies_InMidOperation_IsNoticed()
    {
        await using HostPair pair = new(new ConnectionConfig { PeerTimeout = TimeSpan.FromMilliseconds(200), KeepAlive = TimeSpan.FromMilliseconds(50) }, new ImpairmentSettings());
        (NexStreamStream near, _) = await pair.OpenAsync();
        Task<int> receiving = near.ReceiveAsync(new byte[1]).AsTask();
        Task sending = near.SendAsync(new byte[50_000_000]).AsTask();
        pair.Cut();
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await sending))!.Error, Is.EqualTo(NexStreamError.PeerLost));
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await receiving))!.Error, Is.EqualTo(NexStreamError.PeerLost));
    }

    [Test]
    public async Task Dispose_InMidOperation_FailsAllAndLaterCallsToo()
    {
        HostPair pair = new(options: new NexStreamHostOptions { CloseTimeout = TimeSpan.FromMilliseconds(20) });
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        Task[] waiting =
        [
            .. Enumerable.Range(0, 50).Select(_ => near.SendAsync(new byte[10_000_000]).AsTask()),
            .. Enumerable.Range(0, 50).Select(_ => near.ReceiveAsync(new byte[1]).AsTask()),
            pair.Client.AcceptAsync().AsTask(),
            near.Connection.AcceptStreamAsync().AsTask(),
        ];
        await pair.DisposeAsync();
        foreach (Task task in waiting)
        {
            try
            {
                await task;
            }
            catch (NexStreamException)
            {
                // What it says depends on what was noticed first.
            }

            Assert.That(task.IsCompleted, Is.True);
        }

        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await near.SendAsync(new byte[1])))!.Error, Is.EqualTo(NexStreamError.HostStopped));
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await pair.Client.AcceptAsync()))!.Error, Is.EqualTo(NexStreamError.HostStopped));
        await near.DisposeAsync();
        await near.Connection.DisposeAsync();
    }

    [Test]
    public async Task Operations_BeyondTheLimit_AreRefusedWithTheSettingsName()
    {
        await using HostPair pair = new(options: new NexStreamHostOptions { MaxPendingOperations = 3 });
        Task<NexStreamConnection>[] waiting = [.. Enumerable.Range(0, 3).Select(_ => pair.Server.AcceptAsync().AsTask())];
        NexStreamException? failure = Assert.Throws<NexStreamException>(() => pair.Server.AcceptAsync().AsTask());
        Assert.That(failure!.Message, Does.Contain(nameof(NexStreamHostOptions.MaxPendingOperations)));
        await pair.Client.ConnectAsync(pair.Server.Node);
        await Task.WhenAny(waiting);
        _ = pair.Server.AcceptAsync().AsTask();
    }

    [Test]
    public async Task Streams_ManyAtOnceWithLoss_AllEchoesAreRight()
    {
        await using HostPair pair = new(impairment: new ImpairmentSettings(Loss: 0.01));
        (NexStreamConnection client, NexStreamConnection server) = await pair.ConnectAsync();
        Task serving = Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                _ = EchoAsync(await server.AcceptStreamAsync());
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async number =>
        {
            await using NexStreamStream stream = await client.OpenStreamAsync(TransportMode.ReliableOrdered);
            byte[] data = new byte[20_000];
            new Random(number).NextBytes(data);
            Task sending = stream.SendAsync(data).AsTask();
            byte[] got = new byte[data.Length];
            await stream.AsStream().ReadExactlyAsync(got);
            await sending;
            Assert.That(got.AsSpan().SequenceEqual(data), Is.True);
        }));
        await serving;
    }

    private static async Task EchoAsync(NexStreamStream stream)
    {
        byte[] buffer = new byte[4096];
        for (int count = await stream.ReceiveAsync(buffer); count > 0; count = await stream.ReceiveAsync(buffer))
        {
            await stream.SendAsync(buffer.AsMemory(0, count));
        }

        await stream.DisposeAsync();
    }
}
