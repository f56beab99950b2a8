using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using NexStream.Connections;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;
using NexStream.Tests.Hosting;

namespace NexStream.Tests.Web;

[TestFixture]
[CancelAfter(60_000)]
internal sealed class ConnectionTests
{
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
        await Task.Delay(Timeout.Infinite, near.ConnectionClosed).ContinueWith(_ => { }, TaskScheduler.Default);
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
        await messages.SendAsync(new byte[1]);
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await messages.ReceiveAsync(new byte[1]));
        Assert.That(failure!.Reason, Is.EqualTo(ReasonCode.ProtocolViolation));
        ConnectionContext near = await _factory.ConnectAsync(_listener.EndPoint);
        await near.Transport.Output.WriteAsync(new byte[1]);
        Assert.That(await _listener.AcceptAsync(), Is.Not.Null);
    }

    [Test]
    public async Task Bind_AddressThatIsNoneOfIP_IsRefused() =>
        await Assert.ThrowsAsync<NotSupportedException>(async () => await new NexStreamConnectionListenerFactory().BindAsync(new NexStreamEndPoint(default)));
}
