using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using NexStream.Connections;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;
using NexStream.Tests.Hosting;

namespace NexStream.Tests.Web;

[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class ConnectionTests
{
    /// <summary>Bytes, of which a stream's first window takes a quarter: the rest waits until the peer reads.</summary>
    private const int LargerThanAWindow = 512 * 1024;

    private HostPair _pair = null!;
    private NexStreamConnectionFactory _factory = null!;
    private IConnectionListener _listener = null!;

    [SetUp]
    public async Task Start()
    {
        _pair = new HostPair();
        _factory = new NexStreamConnectionFactory(_pair.Client);
        _listener = await new NexStreamConnectionListenerFactory(_ => (_pair.Server, false)).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
    }

    [TearDown]
    public async Task Stop()
    {
        await _factory.DisposeAsync();
        await _listener.DisposeAsync();
        await _pair.DisposeAsync();
    }

    [Test]
    public async Task Dispose_WithBytesWritten_DeliversThemAndThenTheEnd()
    {
        ConnectionContext near = await _factory.ConnectAsync(_listener.EndPoint);
        await near.Transport.Output.WriteAsync(new byte[] { 1, 2, 3 });
        ConnectionContext? far = await _listener.AcceptAsync();
        await near.DisposeAsync();
        ReadResult got = await far!.Transport.Input.ReadAtLeastAsync(4);
        Assert.That(got.Buffer.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(got.IsCompleted, Is.True);
        await far.DisposeAsync();
    }

    [Test]
    public async Task Abort_AfterDispose_DoesNothing()
    {
        ConnectionContext near = await _factory.ConnectAsync(_listener.EndPoint);
        await near.DisposeAsync();
        near.Abort(new ConnectionAbortedException());
        Assert.That(near.ConnectionClosed.IsCancellationRequested, Is.True);
    }

    [Test]
    public async Task Abort_AfterOutputWasCompleted_StillDeliversWhatWasWritten()
    {
        (ConnectionContext near, ConnectionContext far) = await OpenAsync();
        await FillAsync(near);
        await near.Transport.Output.CompleteAsync();
        near.Abort();
        await near.DisposeAsync();
        ReadResult got = await far.Transport.Input.ReadAtLeastAsync(LargerThanAWindow + 2);
        Assert.That(got.Buffer.Length, Is.EqualTo(LargerThanAWindow + 1));
        Assert.That(got.IsCompleted, Is.True);
    }

    [Test]
    public async Task Abort_WhileOutputIsOpen_ShowsThePeerThatItIsIncomplete()
    {
        (ConnectionContext near, ConnectionContext far) = await OpenAsync();
        near.Abort();
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.Transport.Input.ReadAtLeastAsync(2));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.StreamReset));
    }

    [Test]
    public async Task Complete_WithFailure_ShowsThePeerThatItIsIncomplete()
    {
        (ConnectionContext near, ConnectionContext far) = await OpenAsync();
        await near.Transport.Output.CompleteAsync(new InvalidOperationException("The answer could not be made."));
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.Transport.Input.ReadAtLeastAsync(2));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.StreamReset));
    }

    [Test]
    public async Task Complete_PeerThatDoesNotRead_DoesNotWaitForIt()
    {
        (ConnectionContext near, ConnectionContext far) = await OpenAsync();

        // More than the pipes, the windows and the stream's send buffer hold together.
        Task flushing = near.Transport.Output.WriteAsync(new byte[32 << 20]).AsTask();
        near.Transport.Output.CancelPendingFlush();
        await flushing;
        near.Transport.Output.Complete();
        near.Transport.Input.Complete();
        near.Abort();
        await near.DisposeAsync();
        Assert.That(far.ConnectionClosed.IsCancellationRequested, Is.False, "It has to be in the middle of it.");
    }

    [Test]
    public async Task ConnectionClosed_PeerThatEnded_IsTold()
    {
        (ConnectionContext near, ConnectionContext far) = await OpenAsync();
        await near.DisposeAsync();
        await ClosedAsync(far);
        Assert.That((await far.Transport.Input.ReadAtLeastAsync(2)).Buffer.Length, Is.EqualTo(1), "What came before can be read.");
    }

    [Test]
    public async Task Flush_PeerThatReadsNoMore_IsCompleted()
    {
        (ConnectionContext near, ConnectionContext far) = await OpenAsync();
        await far.DisposeAsync();
        await ClosedAsync(near);
        FlushResult flushed;
        do
        {
            flushed = await near.Transport.Output.WriteAsync(new byte[1024]);
        }
        while (!flushed.IsCompleted);
    }

    [Test]
    public async Task Unbind_ConnectionThatIsThere_RefusesFurtherStreams()
    {
        (ConnectionContext near, _) = await OpenAsync();
        await _listener.UnbindAsync();
        ConnectionContext late = await _factory.ConnectAsync(_listener.EndPoint);
        await late.Transport.Output.WriteAsync(new byte[1]);
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await late.Transport.Input.ReadAsync());
        Assert.That(failure!.Reason, Is.EqualTo(ReasonCode.ConnectionRefused));
        Assert.That(near.ConnectionClosed.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task Unbind_WhileAcceptWaits_EndsItWithNull()
    {
        Task<ConnectionContext?> accepting = _listener.AcceptAsync().AsTask();
        await _listener.UnbindAsync();
        Assert.That(await accepting, Is.Null);
    }

    [Test]
    public async Task Connect_AfterTheConnectionWasLost_MakesAnother()
    {
        await _listener.UnbindAsync();
        ConnectionContext near = await _factory.ConnectAsync(new NexStreamEndPoint(_pair.Server.Node));
        NexStreamConnection served = await _pair.Server.AcceptAsync();
        served.Abort();
        await ClosedAsync(near);
        ConnectionContext again = await _factory.ConnectAsync(new NexStreamEndPoint(_pair.Server.Node));
        await again.Transport.Output.WriteAsync(new byte[] { 7 });
        NexStreamStream stream = await (await _pair.Server.AcceptAsync()).AcceptStreamAsync();
        Assert.That(await stream.ReceiveAsync(new byte[2]), Is.EqualTo(1));
    }

    [Test]
    public async Task Listener_StreamOfMessages_EndsThatConnectionOnly()
    {
        NexStreamConnection stranger = await _pair.Client.ConnectAsync(_pair.Server.Node);
        NexStreamStream messages = await stranger.OpenStreamAsync(TransportMode.ReliableUnordered);
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () =>
        {
            // The opening alone may have ended the connection before the message was taken.
            await messages.SendAsync(new byte[1]);
            await messages.ReceiveAsync(new byte[1]);
        });
        Assert.That(failure!.Reason, Is.EqualTo(ReasonCode.ProtocolViolation));
        ConnectionContext near = await _factory.ConnectAsync(_listener.EndPoint);
        await near.Transport.Output.WriteAsync(new byte[1]);
        Assert.That(await _listener.AcceptAsync(), Is.Not.Null);
    }

    [Test]
    public async Task Bind_AddressThatIsNoneOfIP_IsRefused() =>
        await Assert.ThrowsAsync<NotSupportedException>(async () => await new NexStreamConnectionListenerFactory().BindAsync(new NexStreamEndPoint(default)));

    /// <summary>A connection from both ends, one byte of which lies unread at the far one.</summary>
    private async Task<(ConnectionContext Near, ConnectionContext Far)> OpenAsync()
    {
        ConnectionContext near = await _factory.ConnectAsync(_listener.EndPoint);
        await near.Transport.Output.WriteAsync(new byte[1]);
        return (near, (await _listener.AcceptAsync())!);
    }

    private static async Task FillAsync(ConnectionContext context) => await context.Transport.Output.WriteAsync(new byte[LargerThanAWindow]);

    /// <summary>Waits for the end, for less than the idle time-out, which would bring it in any case.</summary>
    private static async Task ClosedAsync(ConnectionContext context)
    {
        await Task.Delay(TimeSpan.FromSeconds(30), context.ConnectionClosed).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.That(context.ConnectionClosed.IsCancellationRequested, Is.True);
    }
}
