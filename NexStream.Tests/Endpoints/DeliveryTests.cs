using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

[TestFixture]
public sealed class DeliveryTests
{
    private static readonly NetworkConditions s_bad = new() { Loss = 0.05, Reorder = 0.05, Duplicate = 0.02 };

    /// <summary>A rate that is sampled while the application is silent says nothing about the path (draft-ietf-ccwg-bbr §4.1.2.4).</summary>
    [Test]
    public void Transmit_NothingIsLeftToSend_SamplesTheApplication()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        for (int i = 0; i < 3; i++)
        {
            client.Send(new byte[1000]);
            pair.RunFor(Instant.Second);
        }

        Assert.That(Forge.ConnectionOf(pair.Client).Path.Rate.IsApplicationLimited, Is.True);
    }

    [Test]
    public void ReliableOrdered_GoodNetwork_DeliversAllBytesInOrder() => TransferOrdered(new Pair(), 300_000);

    [Test]
    public void ReliableOrdered_BadNetwork_DeliversAllBytesInOrder([Range(1, 20)] int seed) =>
        TransferOrdered(new Pair((ulong)seed, s_bad), 300_000);

    [Test]
    public void ReliableUnordered_BadNetwork_DeliversEveryMessageOnce([Range(1, 20)] int seed)
    {
        var pair = new Pair((ulong)seed, s_bad);
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        var random = new SeededRandom((ulong)seed);
        byte[][] messages = new byte[400][];
        var got = new Dictionary<uint, byte[]>();
        for (int i = 0; i < messages.Length; i++)
        {
            messages[i] = new byte[4 + random.Below(i % 10 == 0 ? 20_000 : 300)];
            random.Fill(messages[i]);
            BitConverter.TryWriteBytes(messages[i], i);
        }

        int sent = 0;
        byte[] buffer = new byte[32_000];
        pair.RunUntil(() =>
        {
            while (sent < messages.Length && client.Send(messages[sent]).Status == CallStatus.Ok)
            {
                sent++;
            }

            while (server.Receive(buffer) is { Status: CallStatus.Ok } result)
            {
                Assert.That(got.TryAdd(BitConverter.ToUInt32(buffer), buffer[..result.Bytes]), Is.True, "A message came twice.");
            }

            pair.Settle();
            return got.Count == messages.Length;
        });
        for (int i = 0; i < messages.Length; i++)
        {
            Assert.That(got[(uint)i], Is.EqualTo(messages[i]));
        }
    }

    internal static void TransferOrdered(Pair pair, int length)
    {
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        byte[] data = new byte[length];
        new SeededRandom(7).Fill(data);
        byte[] received = new byte[length];
        int sent = 0;
        int got = 0;
        bool ended = false;
        pair.RunUntil(() =>
        {
            if (sent < length)
            {
                sent += client.Send(data.AsSpan(sent)).Bytes;
                if (sent == length)
                {
                    client.Finish();
                }
            }

            ReceiveResult result;
            while ((result = server.Receive(received.AsSpan(got))).Status == CallStatus.Ok && result.Bytes > 0)
            {
                got += result.Bytes;
            }

            ended |= result.Status == CallStatus.EndOfStream;
            pair.Settle();
            return ended;
        });
        Assert.That(got, Is.EqualTo(length));
        Assert.That(received, Is.EqualTo(data));
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed), Is.False);
    }
}
