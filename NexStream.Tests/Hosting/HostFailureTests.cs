using System.Diagnostics;
using System.Net;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;

namespace NexStream.Tests.Hosting;

/// <summary>The host's thread fails, the peer's process dies, nobody answers: whatever waits ends, and says why.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class HostFailureTests
{
    // The names that nexstream gives to the two ends of a link in shared memory.
    private static readonly NodeId s_sender = new(0x4E58_5346, 1);
    private static readonly NodeId s_receiver = new(0x4E58_5346, 2);

    [TearDown]
    public void Restore() => TestLinks.MayReceive = null;

    [Test]
    public async Task LinkThatFails_InMidOperation_FailsAllAndLaterCallsToo()
    {
        await using HostPair pair = new(library: TestLinks.Library);
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await far.SendAsync(new byte[1]);
        using ReceiveLease held = await near.ReceiveLeaseAsync();
        SendLease lease = await near.LeaseAsync();
        Task[] waiting =
        [
            near.ReceiveAsync(new byte[1]).AsTask(),
            near.ReceiveLeaseAsync().AsTask(),
            near.SendAsync(new byte[100_000_000]).AsTask(),
            near.SendAsync(lease, 10).AsTask(),
            near.FinishAsync().AsTask(),
            near.Connection.AcceptStreamAsync().AsTask(),
            pair.Client.AcceptAsync().AsTask(),
        ];

        // What was called before has been started when this one is done.
        await near.Connection.OpenStreamAsync(TransportMode.BestEffort);
        TestLinks.MayReceive = static () => false;
        foreach (Task task in waiting)
        {
            AssertIsLinkFailure(await Assert.ThrowsAsync<NexStreamException>(async () => await task));
        }

        Task[] later =
        [
            near.SendAsync(new byte[1]).AsTask(),
            near.ReceiveAsync(new byte[1]).AsTask(),
            near.Connection.OpenStreamAsync(TransportMode.BestEffort).AsTask(),
            near.Connection.CloseAsync().AsTask(),
            pair.Client.ConnectAsync(pair.Server.Node).AsTask(),
        ];
        foreach (Task task in later)
        {
            AssertIsLinkFailure(await Assert.ThrowsAsync<NexStreamException>(async () => await task));
        }

        await Task.Delay(Timeout.Infinite, near.Connection.Closed).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.That(held.Data.Length, Is.EqualTo(1), "What was lent stays.");
        Assert.That(pair.Client.IsRunning, Is.False);
        near.Abort();
        near.Connection.Abort();
        await near.DisposeAsync();
        await near.Connection.DisposeAsync();
    }

    [Test]
    public async Task LinkThatFails_WhileConnectionsOpenAndClose_FailsThose()
    {
        await using HostPair pair = new(library: TestLinks.Library);
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.SendAsync(new byte[1000]);
        await far.ReceiveAsync(Memory<byte>.Empty);
        Task closing = far.Connection.CloseAsync().AsTask();
        Task connecting = pair.Server.ConnectAsync(new NodeId(9, 9)).AsTask();
        await Assert.ThrowsAsync<NexStreamException>(async () => await far.Connection.OpenStreamAsync(TransportMode.BestEffort));
        TestLinks.MayReceive = static () => false;
        AssertIsLinkFailure(await Assert.ThrowsAsync<NexStreamException>(async () => await closing));
        AssertIsLinkFailure(await Assert.ThrowsAsync<NexStreamException>(async () => await connecting));
    }

    [Test]
    public async Task Aborts_HoweverMany_AreOneCommand()
    {
        using ManualResetEventSlim isHeld = new();
        using ManualResetEventSlim mayGoOn = new();
        await using HostPair pair = new(library: TestLinks.Library);
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        TestLinks.MayReceive = () =>
        {
            isHeld.Set();
            mayGoOn.Wait();
            return true;
        };
        isHeld.Wait();
        try
        {
            for (int i = 0; i < 10_000; i++)
            {
                near.Abort(ReasonCode.ApplicationBase + 1);
                near.Connection.Abort(ReasonCode.ApplicationBase + 2);
                near.Discard();
                await near.DisposeAsync();
            }

            Assert.That(pair.Client.CommandCount, Is.InRange(1, 4));
        }
        finally
        {
            TestLinks.MayReceive = null;
            mayGoOn.Set();
        }

        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await far.Connection.AcceptStreamAsync()))!.Reason, Is.EqualTo(ReasonCode.ApplicationBase + 2));
    }

    [Test]
    public async Task Dispose_BeforeAllIsDelivered_TellsThePeerAndReportsIt()
    {
        await using HostPair pair = new(new ConnectionConfig { StreamReceiveWindow = 64 * 1024, StreamReceiveWindowMax = 64 * 1024 }, options: new NexStreamHostOptions { CloseTimeout = TimeSpan.Zero });
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.SendAsync(new byte[200_000]);
        Task<DrainReport> closing = near.Connection.CloseAsync().AsTask();
        await pair.Client.DisposeAsync();
        Assert.That((await closing).UndeliveredBytes, Is.GreaterThan(0));
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await far.Connection.AcceptStreamAsync());
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectionAborted));
    }

    [Test]
    public async Task Connect_AddressWhereNobodyListens_SaysSo()
    {
        IPEndPoint nobody;
        await using (NexStreamHost gone = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            nobody = gone.LocalEndPoint!;
        }

        await using NexStreamHost host = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
        ConnectionConfig hasty = new() { HandshakeTimeout = TimeSpan.FromMilliseconds(50) };
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await host.ConnectAsync(nobody, hasty));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectTimedOut));
        Assert.That(failure.Message, Does.Contain($"{nobody}: nobody answered; look whether the peer runs"), "it names what was called");
    }

    [Test]
    public async Task Connect_HostThatAcceptsNobody_IsRefusedAtOnce()
    {
        UdpHostOptions options = new();
        options = options with { Udp = new UdpOptions { Local = new IPEndPoint(IPAddress.Loopback, 0) }, Endpoint = options.Endpoint with { AcceptConnections = false } };
        await using NexStreamHost closed = NexStreamHost.OpenUdp(options);
        await using NexStreamHost host = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));

        // Longer than the test may take.
        ConnectionConfig patient = new() { HandshakeTimeout = TimeSpan.FromMinutes(10) };
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await host.ConnectAsync(closed.LocalEndPoint!, patient));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.ConnectionRefused));
        Assert.That(failure.Message, Does.Contain("the peer refused it"));
    }

    [Test]
    public async Task Connect_AddressThatCannotBeDialled_IsALinkFailure()
    {
        await using NexStreamHost host = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await host.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 0)));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.LinkFailed));
    }

    [Test]
    public async Task PeerProcess_KilledOverSharedMemory_IsNoticedByAllThatWaits()
    {
        LinkLibrary library = LoopFixture.Load(LinkPreference.Native);
        string name = $"hosting-{Guid.NewGuid():N}";
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "nexstream.dll"), "receive", "--listen", $"shm:{name}", "--out", Path.GetTempPath()];
        using Process peer = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true })!;
        try
        {
            // Longer than the test may take: only the peer's end can end what waits.
            TimeSpan never = TimeSpan.FromMinutes(10);
            await using NexStreamHost host = await ReachAsync(library, name, peer, new ConnectionConfig { PeerTimeout = never, IdleTimeout = never });
            NexStreamConnection connection = await host.ConnectAsync(s_receiver);
            NexStreamStream stream = await connection.OpenStreamAsync(TransportMode.ReliableOrdered);

            // A process that stands still reads nothing.
            using (Process stop = Process.Start("kill", ["-STOP", $"{peer.Id}"]))
            {
                await stop.WaitForExitAsync();
            }

            Task[] waiting = [stream.SendAsync(new byte[100_000_000]).AsTask(), stream.ReceiveAsync(new byte[1]).AsTask(), connection.AcceptStreamAsync().AsTask()];
            peer.Kill();
            foreach (Task task in waiting)
            {
                AssertIsPeerLost(await Assert.ThrowsAsync<NexStreamException>(async () => await task));
            }

            AssertIsPeerLost(await Assert.ThrowsAsync<NexStreamException>(async () => await stream.SendAsync(new byte[1])));
            AssertIsPeerLost(await Assert.ThrowsAsync<NexStreamException>(async () => await stream.ReceiveAsync(new byte[1])));
            AssertIsPeerLost(await Assert.ThrowsAsync<NexStreamException>(async () => await connection.OpenStreamAsync(TransportMode.BestEffort)));
        }
        finally
        {
            peer.Kill();
        }
    }

    /// <summary>A host that is linked with a process, as soon as that listens.</summary>
    private static async Task<NexStreamHost> ReachAsync(LinkLibrary library, string name, Process peer, ConnectionConfig config)
    {
        const int FrameSize = 2048;
        const int FrameCount = 8192;
        const int RingCapacity = 1024;
        const int RetryMs = 10;
        LinkArena memory = library.CreateArena(FrameSize, FrameCount);
        EndpointConfig endpoint = new() { Node = s_sender, Key = new byte[EndpointConfig.KeySize], Connection = config };
        EndpointDriver driver = new(new Endpoint(endpoint, memory.CreateFrameArena()));
        while (true)
        {
            try
            {
                driver.AttachLink(library.Connect(name, memory, RingCapacity, timeoutMs: RetryMs), s_receiver);
                return new NexStreamHost(driver, null, memory);
            }
            catch (LinkException)
            {
                Assert.That(peer.HasExited, Is.False);
                await Task.Delay(RetryMs);
            }
        }
    }

    private static void AssertIsLinkFailure(NexStreamException? failure)
    {
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.HostStopped));
        Assert.That(failure.InnerException, Is.InstanceOf<LinkException>());
        Assert.That(failure.Message, Does.Contain("thread failed").And.Contain("Receiving failed"));
    }

    private static void AssertIsPeerLost(NexStreamException? failure)
    {
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.PeerLost));
        Assert.That(failure.Message, Does.Contain("the process at the other end of the link is gone"));
    }
}
