using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Hosting;

/// <summary>What can be asked of a host, a connection and a stream: numbers while they live, and an error after that.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class InquiryTests
{
    private const int Length = 100_000;
    private const ReasonCode Reason = ReasonCode.ApplicationBase + 1;

    [TearDown]
    public void Restore() => TestLinks.MayReceive = null;

    [Test]
    public async Task Statistics_WhileAllLives_SayWhatWasDone()
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.SendAsync(new byte[Length]);
        await far.AsStream().ReadExactlyAsync(new byte[Length]);
        ConnectionStatistics connection = await near.Connection.GetStatisticsAsync();
        StreamStatistics sent = await near.GetStatisticsAsync();
        StreamStatistics received = await far.GetStatisticsAsync();
        EndpointStatistics host = await pair.Client.GetStatisticsAsync();
        Assert.Multiple(() =>
        {
            Assert.That(connection.Path.BytesSent, Is.GreaterThan(Length));
            Assert.That((connection.StreamCount, connection.StreamsOpened), Is.EqualTo((1, 1UL)));
            Assert.That((sent.Mode, sent.Queued, sent.Sent), Is.EqualTo((TransportMode.ReliableOrdered, Length + 1UL, Length + 1UL)));
            Assert.That(received.Received, Is.EqualTo(Length + 1));
            Assert.That((host.ConnectionCount, host.StreamCount), Is.EqualTo((1, 1)));
        });
    }

    [Test]
    public async Task Statistics_OfAConnectionThatCloses_AreThereUntilItIsOver()
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.SendAsync(new byte[Length]);
        Task closing = near.Connection.CloseAsync(Reason).AsTask();
        Assert.That((await near.Connection.GetStatisticsAsync()).StreamCount, Is.EqualTo(1), "What was not read keeps it.");
        Assert.That((await near.GetStatisticsAsync()).Queued, Is.EqualTo(Length + 1));
        await far.AsStream().ReadExactlyAsync(new byte[Length]);
        await closing;
        await AssertFailsAsync(near.Connection.GetStatisticsAsync().AsTask(), NexStreamError.ConnectionClosed);
        await AssertFailsAsync(near.GetStatisticsAsync().AsTask(), NexStreamError.ConnectionClosed);
        await AssertFailsAsync(near.GetMessageLengthMaxAsync().AsTask(), NexStreamError.ConnectionClosed);
    }

    [Test]
    public async Task Statistics_BehindAnAbort_SayHowItEnded()
    {
        using ManualResetEventSlim isHeld = new();
        using ManualResetEventSlim mayGoOn = new();
        await using HostPair pair = new(library: TestLinks.Library);
        (NexStreamStream near, _) = await pair.OpenAsync();
        TestLinks.MayReceive = () =>
        {
            isHeld.Set();
            mayGoOn.Wait();
            return true;
        };
        isHeld.Wait();
        Task[] asked;
        try
        {
            // The thread takes all of these in one turn.
            near.Connection.Abort(Reason);
            asked = [near.Connection.GetStatisticsAsync().AsTask(), near.GetStatisticsAsync().AsTask()];
        }
        finally
        {
            TestLinks.MayReceive = null;
            mayGoOn.Set();
        }

        foreach (Task task in asked)
        {
            await AssertFailsAsync(task, NexStreamError.ConnectionClosed, Reason);
        }
    }

    [Test]
    public async Task Statistics_OfAStreamThatEnds_AreRightOrAnErrorAndNeverZeros()
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync();
        await near.FinishAsync();
        await far.FinishAsync();
        Assert.That(await near.ReceiveAsync(new byte[1]), Is.Zero);
        Task<int> reading = far.ReceiveAsync(new byte[1]).AsTask();
        while (true)
        {
            try
            {
                Assert.That((await near.GetStatisticsAsync()).Queued, Is.EqualTo(1));
            }
            catch (NexStreamException over)
            {
                Assert.That(over.Error, Is.EqualTo(NexStreamError.StreamFinished));
                break;
            }
        }

        Assert.That(await reading, Is.Zero);
        Assert.That((await near.Connection.GetStatisticsAsync()).StreamCount, Is.Zero, "The connection goes on.");
    }

    [Test]
    public async Task Inquiries_OfAHostThatStopped_Fail()
    {
        HostPair pair = new();
        (NexStreamStream near, _) = await pair.OpenAsync(TransportMode.Probabilistic);
        await pair.DisposeAsync();
        await AssertFailsAsync(pair.Client.GetStatisticsAsync().AsTask(), NexStreamError.HostStopped);
        await AssertFailsAsync(near.Connection.GetStatisticsAsync().AsTask(), NexStreamError.HostStopped);
        await AssertFailsAsync(near.SetDeliveryAsync(new ProbabilisticConfig(0.5)).AsTask(), NexStreamError.HostStopped);
    }

    [Test]
    public async Task Inquiry_CancelledBefore_IsNotAsked()
    {
        await using HostPair pair = new();
        (NexStreamStream near, _) = await pair.OpenAsync();
        CancellationToken cancelled = new(canceled: true);
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await pair.Client.GetStatisticsAsync(cancelled));
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await near.Connection.GetStatisticsAsync(cancelled));
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await near.GetMessageLengthMaxAsync(cancelled));
    }

    [TestCase(TransportMode.ReliableUnordered)]
    [TestCase(TransportMode.BestEffort)]
    [TestCase(TransportMode.Probabilistic)]
    public async Task MessageLengthMax_OfMessages_IsTheLongestThatASendTakes(TransportMode mode)
    {
        await using HostPair pair = new();
        (NexStreamStream near, _) = await pair.OpenAsync(mode);
        int longest = await near.GetMessageLengthMaxAsync();
        await near.SendAsync(new byte[longest]);
        await AssertFailsAsync(near.SendAsync(new byte[longest + 1]).AsTask(), NexStreamError.MessageTooLong);
    }

    [Test]
    public async Task MessageLengthMax_OfBytes_IsNone()
    {
        await using HostPair pair = new();
        (NexStreamStream near, _) = await pair.OpenAsync();
        Assert.That(await near.GetMessageLengthMaxAsync(), Is.Zero);
    }

    private static async Task AssertFailsAsync(Task task, NexStreamError error, ReasonCode? reason = null)
    {
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await task);
        Assert.That(failure!.Error, Is.EqualTo(error));
        Assert.That(failure.Reason, Is.EqualTo(reason ?? failure.Reason));
    }
}
