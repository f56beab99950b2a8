using System.Net;
using Microsoft.AspNetCore.Connections;
using NexStream.Connections;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Web;

/// <summary>Over UDP: nobody is there, somebody comes, goes, and comes back at the same address.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class ReconnectTests
{
    /// <summary>Tests wait for a handshake that fails, and none that succeeds takes so long.</summary>
    private static readonly UdpHostOptions s_options = Impatient();

    private NexStreamConnectionFactory _factory = null!;
    private IPEndPoint _address = null!;

    [SetUp]
    public async Task Start()
    {
        _factory = new NexStreamConnectionFactory(s_options);
        await using IConnectionListener listener = await new NexStreamConnectionListenerFactory(s_options).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        _address = (IPEndPoint)listener.EndPoint;
    }

    [TearDown]
    public async Task Stop() => await _factory.DisposeAsync();

    [Test]
    public async Task Connect_NobodyListens_EndsWithTheHandshakeAndIsDialledAnewAfterwards()
    {
        await FailToConnectAsync();
        await using IConnectionListener listener = await ListenAsync();
        await AskAsync(listener);
    }

    [Test]
    public async Task Connect_CallerThatGaveUpBefore_HearsNothingOfThatDial()
    {
        using CancellationTokenSource impatience = new();
        Task<ConnectionContext> given = _factory.ConnectAsync(_address, impatience.Token).AsTask();
        Task<ConnectionContext> other = _factory.ConnectAsync(_address).AsTask();
        await impatience.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => given);

        // The dial went on for the other caller, and has failed.
        await Assert.CatchAsync<NexStreamException>(() => other);
        await using IConnectionListener listener = await ListenAsync();
        await AskAsync(listener);
    }

    [Test]
    public async Task Connect_ListenerThatCameBack_IsReachedByTheFirstCall()
    {
        await using (IConnectionListener first = await ListenAsync())
        {
            await AskAsync(first);
        }

        await using IConnectionListener second = await ListenAsync();
        await AskAsync(second);
    }

    [Test]
    public async Task Factory_SomebodyWhoConnectsToItsSocket_IsRefused()
    {
        await using IConnectionListener listener = await ListenAsync();
        IPEndPoint caller = (IPEndPoint)(await AskAsync(listener)).LocalEndPoint!;
        await using NexStreamHost stranger = NexStreamHost.OpenUdp();
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await stranger.ConnectAsync(new IPEndPoint(IPAddress.Loopback, caller.Port)));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectionRefused));
    }

    private static UdpHostOptions Impatient()
    {
        UdpHostOptions options = new();
        return options with
        {
            Endpoint = options.Endpoint with
            {
                Connection = options.Endpoint.Connection with { HandshakeTimeout = TimeSpan.FromSeconds(2) },
            },
        };
    }

    private ValueTask<IConnectionListener> ListenAsync() => new NexStreamConnectionListenerFactory(s_options).BindAsync(_address);

    private async Task FailToConnectAsync()
    {
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await _factory.ConnectAsync(_address));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectTimedOut));
    }

    /// <summary>A byte there and another back. Returns the caller's end.</summary>
    private async Task<ConnectionContext> AskAsync(IConnectionListener listener)
    {
        ConnectionContext near = await _factory.ConnectAsync(_address);
        await near.Transport.Output.WriteAsync(new byte[] { 1 });
        ConnectionContext far = (await listener.AcceptAsync())!;
        await far.Transport.Output.WriteAsync(new byte[] { 2 });
        System.IO.Pipelines.ReadResult got = await near.Transport.Input.ReadAsync();
        Assert.That(got.Buffer.FirstSpan[0], Is.EqualTo(2));
        near.Transport.Input.AdvanceTo(got.Buffer.End);
        return near;
    }
}
