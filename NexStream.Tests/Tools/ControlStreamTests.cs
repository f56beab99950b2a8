using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;
using NexStream.Tool.Throughput;

namespace NexStream.Tests.Tools;

/// <summary>What both ends of nexstream perf agree on gets through whatever the data does.</summary>
[TestFixture]
internal sealed class ControlStreamTests
{
    [Test]
    public void Send_DataHasAllTheMemory_IsHandedOverLater()
    {
        var pair = new Pair(frameCount: 64);
        pair.Connect();
        (StreamHandle near, StreamHandle far) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        StreamHandle[] others = [.. Enumerable.Range(0, 64).Select(_ => pair.Open(new StreamConfig(TransportMode.ReliableOrdered)).Client)];
        while (others.Sum(stream => stream.Send(new byte[2048]).Bytes) > 0)
        {
        }

        ControlStream control = new(near);
        ControlStream peer = new(far);
        byte[] record = [.. Enumerable.Range(0, ThroughputTotals.Size).Select(i => (byte)i)];
        control.Send(record);
        Assert.That(control.IsFlushed, Is.False, "else this shows nothing");
        Assert.That(control.Flush(), Is.False);

        pair.RunFor(Instant.Second);
        Assert.That(control.Flush(), Is.True);
        Assert.That(control.IsFlushed, Is.True);
        Assert.That(control.Flush(), Is.False);
        pair.RunFor(Instant.Second);
        Assert.That(peer.TryRead(record.Length), Is.EqualTo(record));
    }
}
