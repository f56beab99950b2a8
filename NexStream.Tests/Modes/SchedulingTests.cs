using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

[TestFixture]
public sealed class SchedulingTests
{
    private const long Rate = 1_250_000;

    [Test]
    public void Priority_OfAStream_StandsInTheLinkHeaderOfItsData([Values(0, 7, 15)] byte priority)
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered, priority));
        var seen = new List<byte>();
        pair.Filter = (from, frame) =>
        {
            if (from == pair.Client && Frames.IsDataOf(frame, client.Id))
            {
                seen.Add(frame.Header.Priority);
            }

            return true;
        };
        client.Send(new byte[5000]);
        pair.RunFor(Instant.Second);
        Assert.That(seen, Is.Not.Empty.And.All.EqualTo(priority));
    }

    [Test]
    public void Weighted_StreamsOfWeightsOneTwoFour_ShareTheLinkAccordingly()
    {
        long[] bytes = Share(SchedulingPolicy.Weighted, [0, 1, 3]);
        double total = bytes.Sum();
        Assert.That(bytes[0] / total, Is.EqualTo(1 / 7.0).Within(10).Percent);
        Assert.That(bytes[1] / total, Is.EqualTo(2 / 7.0).Within(10).Percent);
        Assert.That(bytes[2] / total, Is.EqualTo(4 / 7.0).Within(10).Percent);
    }

    [Test]
    public void Strict_HigherPriorityHasData_LowerOnesWait()
    {
        long[] bytes = Share(SchedulingPolicy.Strict, [0, 1, 3]);
        Assert.That(bytes[2], Is.GreaterThan(Rate));
        Assert.That(bytes[0] + bytes[1], Is.Zero);
    }

    /// <summary>Three streams that always have data, for three seconds: the bytes of payload packets that each sent.</summary>
    private static long[] Share(SchedulingPolicy policy, byte[] priorities)
    {
        var config = new ConnectionConfig { Scheduling = policy, StreamReceiveWindow = 16 << 20, ReceiveWindow = 24 << 20, SendBuffer = 4 << 20 };
        var pair = new Pair(1, new NetworkConditions { Rate = Rate }, config, frameCount: 32 * 1024);
        pair.Connect();
        (StreamHandle Client, StreamHandle Server)[] streams = [.. priorities.Select(p => pair.Open(new StreamConfig(TransportMode.ReliableOrdered, p)))];
        long[] bytes = new long[streams.Length];
        pair.Filter = (from, frame) =>
        {
            for (int i = 0; from == pair.Client && i < streams.Length; i++)
            {
                bytes[i] += Frames.IsDataOf(frame, streams[i].Client.Id) ? frame.Bytes.Length : 0;
            }

            return true;
        };
        Instant end = pair.Now + (3 * Instant.Second);
        byte[] chunk = new byte[64 * 1024];
        byte[] buffer = new byte[256 * 1024];
        pair.RunUntil(() =>
        {
            foreach ((StreamHandle client, StreamHandle server) in streams.Reverse())
            {
                client.FillUp(chunk);
                while (server.Receive(buffer) is { Status: CallStatus.Ok, Bytes: > 0 })
                {
                }
            }

            pair.Settle();
            return pair.Now >= end;
        });
        return bytes;
    }
}
