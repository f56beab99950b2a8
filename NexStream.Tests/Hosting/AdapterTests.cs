using System.IO.Pipelines;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Hosting;

[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class AdapterTests
{
    private HostPair _pair = null!;

    [SetUp]
    public void Start() => _pair = new HostPair();

    [TearDown]
    public async Task Stop() => await _pair.DisposeAsync();

    [Test]
    public async Task AsStream_BlockingAndAsynchronousCalls_CarryBytesAndEnd()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        Stream writer = near.AsStream();
        Stream reader = far.AsStream();
        await writer.WriteAsync(new byte[] { 1, 2, 3 });
        await writer.FlushAsync();
        byte[] got = new byte[4];
        await reader.ReadExactlyAsync(got.AsMemory(0, 3));
        await Task.Run(() => writer.Write([4]));
        Assert.That(await Task.Run(() => reader.Read(got, 3, 1)), Is.EqualTo(1));
        Assert.That(got, Is.EqualTo(new byte[] { 1, 2, 3, 4 }));
        await writer.DisposeAsync();
        Assert.That(await reader.ReadAsync(got), Is.Zero);
        Assert.Throws<NotSupportedException>(() => reader.Seek(0, SeekOrigin.Begin));
    }

    [Test]
    public async Task AsStream_ReadTimeout_IsAnIOException()
    {
        (NexStreamStream near, _) = await _pair.OpenAsync();
        Stream stream = near.AsStream();
        stream.ReadTimeout = 20;
        await Assert.CatchAsync<IOException>(async () => await stream.ReadExactlyAsync(new byte[1]));
    }

    [Test]
    public async Task AsStream_OfMessages_IsRefused()
    {
        (NexStreamStream near, _) = await _pair.OpenAsync(TransportMode.BestEffort);
        Assert.Throws<InvalidOperationException>(() => near.AsStream());
        Assert.Throws<InvalidOperationException>(() => near.AsDuplexPipe());
    }

    [Test]
    public async Task AsDuplexPipe_OutputCompleted_EndsThatHalfOnly()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        IDuplexPipe a = near.AsDuplexPipe();
        IDuplexPipe b = far.AsDuplexPipe();
        await a.Output.WriteAsync(new byte[] { 1, 2 });
        await a.Output.CompleteAsync();
        ReadResult got = await b.Input.ReadAtLeastAsync(3);
        Assert.That(got.IsCompleted, Is.True);
        Assert.That(got.Buffer.Length, Is.EqualTo(2));
        await b.Output.WriteAsync(new byte[] { 3, 4, 5 });
        await b.Output.CompleteAsync();
        got = await a.Input.ReadAtLeastAsync(4);
        Assert.That(got.Buffer.Length, Is.EqualTo(3));
    }

    [Test]
    public async Task AsDuplexPipe_InputCompleted_ThePeerCanStillSend()
    {
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync();
        await far.AsDuplexPipe().Input.CompleteAsync();
        await near.SendAsync(new byte[20_000_000]);
        await far.SendAsync(new byte[1]);
        Assert.That(await near.ReceiveAsync(new byte[2]), Is.EqualTo(1));
    }
}
