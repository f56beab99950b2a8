using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>Path MTU discovery between two endpoints (RFC 8899).</summary>
[TestFixture]
public sealed class PathMtuTests
{
    private readonly byte[] _buffer = new byte[64 * 1024];

    [TestCase(9000)]
    [TestCase(4321)]
    [TestCase(1500)]
    [TestCase(1210)]
    public void Discovery_PathCarriesMoreThanKnown_FindsItWithoutAnyLossToTheController(int carried)
    {
        var pair = new Pair(
            network: new NetworkConditions { Rate = 2_000_000 },
            connection: new ConnectionConfig
            {
                MaxFrameLength = 9000,
                InitialFrameLength = 1200,
                StreamReceiveWindow = 64 * 1024,
                StreamReceiveWindowMax = 64 * 1024,
            },
            frameSize: 4096);
        pair.Filter = (_, frame) => LengthOf(frame) <= carried;
        pair.Connect();
        Transfer(pair, 4_000_000);

        int found = pair.Client.Connection.Statistics.Path.FrameLength;
        Assert.That(found, Is.InRange(carried - 32, carried));
        Assert.That(pair.Client.Connection.Statistics.Path.PacketsLost, Is.Zero, "a lost probe is no sign of congestion");
    }

    // What became of a probe makes the next one due: nothing else has to be said in between. The server does not search, so that it has nothing to be acknowledged for.
    [Test]
    public void Discovery_NothingElseToSend_GoesOn()
    {
        var pair = new Pair(
            configure: config => config with
            {
                Connection = new ConnectionConfig { MaxFrameLength = 9000, InitialFrameLength = config.Node == Pair.ServerNode ? 9000 : 1200 },
            },
            frameSize: 4096);
        pair.Filter = (sender, frame) => sender == pair.Server || LengthOf(frame) <= 4321;
        pair.Connect();
        pair.RunFor(10 * Instant.Second);
        Assert.That(pair.Client.Connection.Statistics.Path.FrameLength, Is.InRange(4321 - 32, 4321));
    }

    // Frames of more than 1300 bytes vanish from one moment on: what is in flight is cut again and arrives.
    [TestCase(10)]
    [TestCase(100)]
    public void BlackHole_InMidTransfer_IsLeftWithinThreeSeconds(long delayMs)
    {
        var pair = new Pair(network: new NetworkConditions { DelayNs = delayMs * Instant.Millisecond, Rate = 2_000_000 }, connection: new ConnectionConfig { MaxFrameLength = 1500 });
        pair.Connect();
        Instant closedAt = pair.Now + Instant.Second;
        Instant lastProgress = pair.Now;
        long longestNs = 0;
        pair.Filter = (_, frame) => pair.Now < closedAt || LengthOf(frame) <= 1300;
        Transfer(pair, 6_000_000, () =>
        {
            longestNs = Math.Max(longestNs, pair.Now - lastProgress);
            lastProgress = pair.Now;
        });

        Assert.That(pair.Now, Is.GreaterThan(closedAt), "the transfer was still running when the hole opened");
        Assert.That(longestNs, Is.LessThan(3 * Instant.Second));
        Assert.That(pair.Client.Connection.Statistics.Path.FrameLength, Is.InRange(1200, 1300));
    }

    private static int LengthOf(Pair.Frame frame) => frame.Bytes.Length + LinkHeader.Size;

    private void Transfer(Pair pair, int total, Action? onProgress = null)
    {
        pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle stream);
        int sent = 0;
        int received = 0;
        byte[] data = new byte[16 * 1024];
        pair.Server.OnEvent = e =>
        {
            if (e.Kind != EventKind.StreamReadable)
            {
                return;
            }

            while (e.Stream.Receive(_buffer) is { Status: CallStatus.Ok } result)
            {
                for (int i = 0; i < result.Bytes; i++)
                {
                    if (_buffer[i] != (byte)((received + i) % 251))
                    {
                        Assert.Fail($"Byte {received + i} is wrong.");
                    }
                }

                received += result.Bytes;
                onProgress?.Invoke();
            }
        };
        pair.RunUntil(() =>
        {
            while (sent < total)
            {
                int length = Math.Min(data.Length, total - sent);
                for (int i = 0; i < length; i++)
                {
                    data[i] = (byte)((sent + i) % 251);
                }

                SendResult result = stream.Send(data.AsSpan(0, length));
                sent += result.Bytes;
                if (result.Bytes < length)
                {
                    break;
                }
            }

            return received == total;
        });
    }
}
