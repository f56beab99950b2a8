using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>The specified maximum of streams on one connection (NS-NF-004), all alive at the same time.</summary>
[TestFixture]
public sealed class ManyStreamsTests
{
    private const int StreamCount = ConnectionConfig.StreamsMax;

    /// <summary>What the design allows an idle stream, with its place in every table.</summary>
    private const int IdleStreamBytesMax = 256;

    [Test]
    public void Streams_MaximumUsedOnceAndClosed_LeaveNothingBehind()
    {
        var pair = new Pair(
            connection: new ConnectionConfig { MaxStreams = StreamCount, ReceiveWindow = 16 * 1024 * 1024 },
            configure: c => c with { MaxStreams = StreamCount, MaxChunks = 4 * StreamCount, MaxPacketsInFlight = 2 * StreamCount });
        pair.Connect();
        Use(pair, 1);
        Holdings clientBefore = Holdings.Of(pair.Client.Endpoint);
        Holdings serverBefore = Holdings.Of(pair.Server.Endpoint);

        // The one that was used before has to be replaced in the peer's limit, so the last opens only when MAX_STREAMS has come.
        Use(pair, StreamCount);

        Assert.That(Holdings.Of(pair.Client.Endpoint), Is.EqualTo(clientBefore));
        Assert.That(Holdings.Of(pair.Server.Endpoint), Is.EqualTo(serverBefore));
        Assert.That(pair.Client.Connection.Statistics.StreamsOpened, Is.EqualTo(StreamCount + 1));
        Assert.That(pair.Client.Has(EventKind.ConnectionClosed) || pair.Server.Has(EventKind.ConnectionClosed), Is.False);
    }

    [Test]
    public void IdleStream_WithItsShareOfTheTables_FitsItsBudget()
    {
        const int indexEntry = sizeof(ulong) + sizeof(int);
        const int indexShare = 2 * indexEntry;
        const int freeListShare = sizeof(int);
        const int eventRingShare = sizeof(int);
        int record = Unsafe.SizeOf<StreamState>();
        int total = record + indexShare + freeListShare + eventRingShare;
        TestContext.Out.WriteLine(
            $"An idle stream takes {total} bytes: record {record}, index {indexShare}, free list {freeListShare}, event ring {eventRingShare}.");
        Assert.That(total, Is.LessThanOrEqualTo(IdleStreamBytesMax));
    }

    /// <summary>Opens all streams, sends a few bytes on each, has them echoed, and ends both halves; returns when both sides are quiet.</summary>
    private static void Use(Pair pair, int count)
    {
        byte[] buffer = new byte[64];
        int clientEnded = 0;
        int serverEnded = 0;
        int echoed = 0;
        pair.Server.Events.Clear();
        pair.Client.Events.Clear();
        pair.Server.OnEvent = e =>
        {
            serverEnded += e.Kind == EventKind.StreamClosed ? 1 : 0;
            if (e.Kind == EventKind.StreamReadable && ReadOne(e.Stream, buffer))
            {
                SendOne(e.Stream);
            }
        };
        pair.Client.OnEvent = e =>
        {
            clientEnded += e.Kind == EventKind.StreamClosed ? 1 : 0;
            if (e.Kind == EventKind.StreamReadable && ReadOne(e.Stream, buffer))
            {
                echoed++;
            }
        };
        var streams = new List<StreamHandle>();
        pair.RunUntil(() =>
        {
            while (streams.Count < count
                && pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle stream) == CallStatus.Ok)
            {
                streams.Add(stream);
            }

            pair.Settle();
            return streams.Count == count;
        });
        Assert.That(pair.Client.Connection.Statistics.StreamCount, Is.EqualTo(count));
        foreach (StreamHandle stream in streams)
        {
            SendOne(stream);
        }

        pair.RunUntil(() => clientEnded == count && serverEnded == count);
        Assert.That(echoed, Is.EqualTo(count));
        pair.RunFor(Instant.Second);
        Assert.That(streams.TrueForAll(s => s.Send(buffer).Status == CallStatus.Closed), Is.True);
    }

    private static void SendOne(StreamHandle stream)
    {
        Span<byte> data = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(data, stream.Id * 31);
        if (stream.Send(data) is not { Status: CallStatus.Ok, Bytes: sizeof(uint) } || stream.Finish() != CallStatus.Ok)
        {
            Assert.Fail($"Stream {stream.Id} took no data.");
        }
    }

    /// <summary>Reads what is there, then the end. True: the bytes came (with this call), and they are the stream's.</summary>
    private static bool ReadOne(StreamHandle stream, byte[] buffer)
    {
        uint id = stream.Id;
        ReceiveResult result = stream.Receive(buffer);
        bool isData = result.Status == CallStatus.Ok;
        if (isData && (result.Bytes != sizeof(uint) || BinaryPrimitives.ReadUInt32BigEndian(buffer) != id * 31))
        {
            Assert.Fail($"Stream {id} got the bytes of another.");
        }

        stream.Receive(buffer);
        return isData;
    }
}
