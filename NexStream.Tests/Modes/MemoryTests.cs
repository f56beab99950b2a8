using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

/// <summary>What sends may take of the arena, and what becomes of one that finds nothing left.</summary>
[TestFixture]
public sealed class MemoryTests
{
    private const int FrameCount = 64;

    [Test]
    public void Send_NoMemoryAndNothingOfItsOwnOnItsWay_IsToldWhenThereIsSome()
    {
        Pair pair = Connected(out StreamHandle[] streams);
        StreamHandle last = streams[^1];
        FillUp(streams.AsSpan(..^1));
        Assert.That(last.Send(new byte[1000]).Status, Is.EqualTo(CallStatus.WouldBlock));
        Assert.That(last.Statistics.SendBuffered, Is.Zero);

        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Events.Any(e => e.Kind == EventKind.StreamWritable && e.Stream == last), Is.True);
        Assert.That(last.Send(new byte[1000]).Status, Is.EqualTo(CallStatus.Ok));
    }

    [Test]
    public void Send_EveryStreamFullOfData_LeavesHalfOfTheShareForWhatComesIn()
    {
        Pair pair = Connected(out StreamHandle[] streams);
        FillUp(streams);
        int share = FrameCount * new ConnectionConfig().ArenaShare256 / 256;
        Assert.That(pair.Client.Connection.Statistics.FramesHeld, Is.InRange(share / 4, share / 2));
    }

    [Test]
    public void Send_OneStreamTookAllItMay_AnotherStillFindsRoom()
    {
        Connected(out StreamHandle[] streams);
        FillUp(streams.AsSpan(..1));
        Assert.That(streams[1].Send(new byte[1000]), Is.EqualTo(new SendResult(CallStatus.Ok, 1000)));
    }

    private static Pair Connected(out StreamHandle[] streams)
    {
        var pair = new Pair(frameCount: FrameCount);
        pair.Connect();
        streams = new StreamHandle[8];
        for (int i = 0; i < streams.Length; i++)
        {
            Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out streams[i]), Is.EqualTo(CallStatus.Ok));
        }

        pair.RunFor(Instant.Second);
        return pair;
    }

    private static void FillUp(ReadOnlySpan<StreamHandle> streams)
    {
        byte[] chunk = new byte[2048];
        foreach (StreamHandle stream in streams)
        {
            while (stream.Send(chunk).Bytes == chunk.Length)
            {
            }
        }
    }
}
