using System.Diagnostics;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Idle;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;
using NexStream.Tests.Support;

namespace NexStream.Tests.Driver;

[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class DedicatedDriverTests(LinkPreference preference)
{
    private const int Length = 400_000;

    private DriverNode _a = null!;
    private DriverNode _b = null!;

    [SetUp]
    public void JoinTwoNodes()
    {
        LinkLibrary library = LoopFixture.Load(preference);
        _a = new DriverNode(library, 1);
        _b = new DriverNode(library, 2);
        DriverNode.Join(_a, _b, 64);
    }

    [TearDown]
    public void DisposeNodes()
    {
        _a?.Dispose();
        _b?.Dispose();
    }

    [Test]
    public void Start_BackoffOnBothSides_TransfersBetweenTwoThreads() => Transfer(new BackoffIdleStrategy(), new BackoffIdleStrategy());

    [Test]
    public void Start_YieldingAndBusySpin_TransfersBetweenTwoThreads() => Transfer(new YieldingIdleStrategy(), new BusySpinIdleStrategy());

    [Test]
    public void Start_CoreThatIsNotThere_ReportsAndRuns()
    {
        using ManualResetEventSlim turned = new();
        using DedicatedDriver driver = DedicatedDriver.Start(_a.Driver, new Application(_ => { turned.Set(); return false; }), new YieldingIdleStrategy(), core: 100_000);
        Assert.That(driver.PinningFailure, Does.Contain("100000"));
        turned.Await();
        Assert.That(driver.IsRunning, Is.True);
    }

    [Test]
    [Platform("Linux")]
    public void Start_CoreThatIsThere_RunsOnIt()
    {
        int core = -1;
        using ManualResetEventSlim turned = new();
        int allowed = FirstAllowedCore();
        using DedicatedDriver driver = DedicatedDriver.Start(
            _a.Driver,
            new Application(_ =>
            {
                core = Thread.GetCurrentProcessorId();
                turned.Set();
                return false;
            }),
            new YieldingIdleStrategy(),
            allowed);
        turned.Await();
        Assert.That(driver.PinningFailure, Is.Null);
        Assert.That(core, Is.EqualTo(allowed));
    }

    /// <summary>A sleep that nothing else would end.</summary>
    [Test]
    public void Wake_FromAnotherThread_EndsASleepOrTheNext([Values] bool withLink)
    {
        var alone = new Endpoint(new EndpointConfig { Node = new NodeId(1, 1), Key = new byte[EndpointConfig.KeySize] }, new FrameArena(512, 64));
        EndpointDriver driver = withLink ? _a.Driver : new EndpointDriver(alone);
        for (int i = 0; i < 100; i++)
        {
            // Sometimes before the other thread sleeps, and sometimes after.
            Task sleeper = Patience.Start(() => driver.Wait(MonotonicClock.Now, 3600 * Instant.Second));
            Thread.SpinWait(i * 100);
            driver.Wake();
            sleeper.Join();
        }

        if (!withLink)
        {
            driver.Dispose();
        }
    }

    [Test]
    public void Stop_FromTheApplication_EndsTheThread()
    {
        DedicatedDriver? driver = null;
        using ManualResetEventSlim known = new();
        driver = DedicatedDriver.Start(
            _a.Driver,
            new Application(_ =>
            {
                known.Wait();
                driver!.Dispose();
                return false;
            }),
            new BusySpinIdleStrategy());
        known.Set();
        driver.Dispose();
        Assert.That(driver.IsRunning, Is.False);
        Assert.That(driver.Failure, Is.Null);
    }

    [Test]
    public void OnTurn_InTheLastTurn_ItsPacketsLeave()
    {
        DedicatedDriver? driver = null;
        using ManualResetEventSlim known = new();
        driver = DedicatedDriver.Start(
            _a.Driver,
            new Application(now =>
            {
                known.Wait();
                _a.Endpoint.Connect(_b.Node, now, out _);
                driver!.Stop();
                return true;
            }),
            new BusySpinIdleStrategy());
        known.Set();
        Assert.That(SpinWait.SpinUntil(() => !driver.IsRunning, Patience.Limit), Is.True);

        driver.Dispose();
        Assert.That(_a.Driver.Statistics.FramesSent, Is.EqualTo(1));
    }

    [Test]
    public void OnTurn_Throws_EndsTheLoopAndKeepsTheException()
    {
        InvalidOperationException thrown = new();
        using ManualResetEventSlim turned = new();
        Func<Instant, bool> throws = _ =>
        {
            turned.Set();
            throw thrown;
        };
        DedicatedDriver driver = DedicatedDriver.Start(_a.Driver, new Application(throws), new BusySpinIdleStrategy());

        // A thread that is told to end before its first turn has none.
        turned.Await();
        driver.Dispose();
        Assert.That(driver.Failure, Is.SameAs(thrown));
    }

    /// <summary>Pinning to a core outside the process's own set would fail in a container; the current core is in it.</summary>
    private static int FirstAllowedCore() => Thread.GetCurrentProcessorId();

    private void Transfer<TA, TB>(TA idleA, TB idleB)
        where TA : struct, IIdleStrategy
        where TB : struct, IIdleStrategy
    {
        byte[] data = new byte[Length];
        new Random(3).NextBytes(data);
        byte[] received = new byte[Length];
        int sentCount = 0;
        int receivedCount = 0;
        using ManualResetEventSlim done = new();
        ConnectionHandle connection = default;
        StreamHandle sender = default;
        StreamHandle receiver = default;
        Application client = new(now =>
        {
            while (_a.Endpoint.TryGetEvent(out _))
            {
            }

            if (connection == default)
            {
                return _a.Endpoint.Connect(_b.Node, now, out connection) == CallStatus.Ok;
            }

            if (sender == default)
            {
                return connection.IsOpen && connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out sender) == CallStatus.Ok;
            }

            int sent = sender.Send(data.AsSpan(sentCount)).Bytes;
            sentCount += sent;
            return sent != 0;
        });
        Application server = new(_ =>
        {
            while (_b.Endpoint.TryGetEvent(out EndpointEvent item))
            {
                receiver = item.Kind == EventKind.StreamOpened ? item.Stream : receiver;
            }

            int count = receiver.Receive(received.AsSpan(receivedCount)).Bytes;
            receivedCount += count;
            if (receivedCount == Length)
            {
                done.Set();
            }

            return count != 0;
        });
        using (DedicatedDriver a = DedicatedDriver.Start(_a.Driver, client, idleA))
        using (DedicatedDriver b = DedicatedDriver.Start(_b.Driver, server, idleB))
        {
            for (long begin = Stopwatch.GetTimestamp();
                a.IsRunning && b.IsRunning && !done.Wait(TimeSpan.FromSeconds(1)) && Stopwatch.GetElapsedTime(begin) < Patience.Limit;)
            {
            }

            Assert.That(a.Failure ?? b.Failure, Is.Null);
            Assert.That(done.IsSet, Is.True, "Not all of it arrived.");
        }

        Assert.That(received, Is.EqualTo(data));
    }

    private sealed class Application(Func<Instant, bool> turn) : IDriverApplication
    {
        public bool OnTurn(Instant now) => turn(now);
    }
}
