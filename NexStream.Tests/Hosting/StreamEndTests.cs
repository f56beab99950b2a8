using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Hosting;

/// <summary>The table of docs/async.md: what each operation does after each end of a stream.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class StreamEndTests
{
    private HostPair _pair = null!;
    private NexStreamStream _near = null!;
    private NexStreamStream _far = null!;

    [SetUp]
    public async Task Start()
    {
        _pair = new HostPair();
        (_near, _far) = await _pair.OpenAsync();
    }

    [TearDown]
    public async Task Stop() => await _pair.DisposeAsync();

    [Test]
    public async Task Finished_Here_ReceivingGoesOn()
    {
        await _near.FinishAsync();
        await AssertSendingFailsAsync(NexStreamError.StreamFinished);
        await _near.FinishAsync();
        await _far.SendAsync(new byte[3]);
        Assert.That(await _near.ReceiveAsync(new byte[10]), Is.EqualTo(3));
    }

    [Test]
    public async Task DisposedOfOrAborted_Here_NothingGoesOn([Values] bool isAborted)
    {
        Task<int> waiting = _near.ReceiveAsync(new byte[1]).AsTask();
        if (isAborted)
        {
            _near.Abort();
        }
        else
        {
            await _near.DisposeAsync();
        }

        await AssertFailsAsync(NexStreamError.StreamFinished, waiting);
        await AssertSendingFailsAsync(NexStreamError.StreamFinished);
        await AssertFailsAsync(NexStreamError.StreamFinished, _near.FinishAsync().AsTask());
        await AssertReceivingFailsAsync(NexStreamError.StreamFinished);
        _near.Abort();
        await _near.DisposeAsync();
    }

    [Test]
    public async Task Finished_ByThePeer_SendingGoesOn()
    {
        await _far.SendAsync(new byte[3]);
        await _far.FinishAsync();
        Assert.That(await _near.ReceiveAsync(new byte[10]), Is.EqualTo(3));
        Assert.That(await _near.ReceiveAsync(new byte[10]), Is.Zero);
        Assert.That((await _near.ReceiveLeaseAsync()).IsEnd, Is.True);
        await _near.SendAsync(new byte[5]);
        Assert.That(await _far.ReceiveAsync(new byte[10]), Is.EqualTo(5));
        await _near.FinishAsync();
        Assert.That(await _far.ReceiveAsync(new byte[10]), Is.Zero);
    }

    [Test]
    public async Task DisposedOf_ByThePeer_WhatItSentIsRead()
    {
        await _far.SendAsync(new byte[3]);
        Task sending = _near.SendAsync(new byte[100_000_000]).AsTask();
        await _far.DisposeAsync();
        await AssertFailsAsync(NexStreamError.StreamStopped, sending);
        await AssertSendingFailsAsync(NexStreamError.StreamStopped);
        await AssertFailsAsync(NexStreamError.StreamStopped, _near.FinishAsync().AsTask());
        Assert.That(await _near.ReceiveAsync(new byte[10]), Is.EqualTo(3));
        Assert.That(await _near.ReceiveAsync(new byte[10]), Is.Zero);
        await AssertSendingFailsAsync(NexStreamError.StreamStopped);
    }

    [Test]
    public async Task Aborted_ByThePeer_NothingGoesOn()
    {
        Task sending = _near.SendAsync(new byte[100_000_000]).AsTask();
        Task<int> waiting = _near.ReceiveAsync(new byte[1]).AsTask();
        _far.Abort(ReasonCode.ApplicationBase);
        await AssertFailsAsync(NexStreamError.StreamReset, waiting);
        await AssertFailsAsync(NexStreamError.StreamStopped, sending);
        await AssertSendingFailsAsync(NexStreamError.StreamStopped);
        await AssertFailsAsync(NexStreamError.StreamStopped, _near.FinishAsync().AsTask());
        await AssertReceivingFailsAsync(NexStreamError.StreamReset);
    }

    [Test]
    public async Task ConnectionAborted_ByThePeer_NothingGoesOn()
    {
        Task<int> waiting = _near.ReceiveAsync(new byte[1]).AsTask();
        _far.Connection.Abort();
        await AssertFailsAsync(NexStreamError.ConnectionAborted, waiting);
        await AssertSendingFailsAsync(NexStreamError.ConnectionAborted);
        await AssertFailsAsync(NexStreamError.ConnectionAborted, _near.FinishAsync().AsTask());
        await AssertReceivingFailsAsync(NexStreamError.ConnectionAborted);
    }

    [Test]
    public async Task ConnectionAborted_AfterTheEndWasThere_TheEndStays()
    {
        await _far.FinishAsync();
        await _near.ReceiveAsync(Memory<byte>.Empty);
        _near.Connection.Abort();
        Assert.That(await _near.ReceiveAsync(new byte[1]), Is.Zero);
        await AssertSendingFailsAsync(NexStreamError.ConnectionAborted);
    }

    private async Task AssertSendingFailsAsync(NexStreamError error)
    {
        await AssertFailsAsync(error, _near.SendAsync(new byte[1]).AsTask());
        await AssertFailsAsync(error, _near.LeaseAsync().AsTask());
    }

    private async Task AssertReceivingFailsAsync(NexStreamError error)
    {
        await AssertFailsAsync(error, _near.ReceiveAsync(new byte[1]).AsTask());
        await AssertFailsAsync(error, _near.ReceiveLeaseAsync().AsTask());
    }

    private static async Task AssertFailsAsync(NexStreamError error, Task task) =>
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await task))!.Error, Is.EqualTo(error));
}
