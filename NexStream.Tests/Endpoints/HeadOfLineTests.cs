using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>NS-RO-005: loss on one stream delays no other stream's data.</summary>
[TestFixture]
public sealed class HeadOfLineTests
{
    private const int StreamCount = 8;

    [Test]
    public void OtherStreams_AllPacketsOfOneAreLostForASecond_AreDeliveredAtTheSameInstants([Range(0, StreamCount - 1)] int victim)
    {
        (long At, int Bytes)[][] undisturbed = SendPeriodically(-1);
        (long At, int Bytes)[][] disturbed = SendPeriodically(victim);
        for (int i = 0; i < StreamCount; i++)
        {
            Assert.That(disturbed[i], i == victim ? Is.Not.EqualTo(undisturbed[i]) : Is.EqualTo(undisturbed[i]), $"Stream {i}.");
            Assert.That(disturbed[i].Sum(d => d.Bytes), Is.EqualTo(undisturbed[i].Sum(d => d.Bytes)), $"Stream {i}.");
        }
    }

    [Test]
    public void Bytes_ArriveWithoutAGapBeforeThem_AreDeliveredAtTheirArrivalInstant([Range(1, 5)] int seed)
    {
        var bad = new NetworkConditions { Loss = 0.03, Reorder = 0.05, Duplicate = 0.02, Rate = 2_000_000 };
        var pair = new Pair((ulong)seed, bad);
        pair.Connect();
        var streams = new (StreamHandle Client, StreamHandle Server)[StreamCount];
        var arrived = new Dictionary<uint, Arrivals>();
        var delivered = new Dictionary<uint, ulong>();
        for (int i = 0; i < StreamCount; i++)
        {
            streams[i] = pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
            arrived[streams[i].Client.Id] = new Arrivals();
            delivered[streams[i].Client.Id] = 0;
        }

        const int length = 200_000;
        byte[] data = new byte[length];
        byte[] buffer = new byte[64 * 1024];
        int[] sent = new int[StreamCount];
        bool hadGap = false;
        pair.Server.OnArrival = frame => NoteArrival(frame, arrived);
        pair.Server.OnEvent = e =>
        {
            if (e.Kind == EventKind.StreamReadable)
            {
                while (e.Stream.Receive(buffer) is { Status: CallStatus.Ok, Bytes: > 0 } result)
                {
                    delivered[e.Stream.Id] += (uint)result.Bytes;
                }
            }
        };
        pair.RunUntil(() =>
        {
            // Everything of this instant has happened: what arrived without a gap before it must be with the application.
            for (int i = 0; i < StreamCount; i++)
            {
                uint id = streams[i].Client.Id;
                Assert.That(delivered[id], Is.EqualTo(arrived[id].Next), $"Stream {id} at {pair.Now}.");
                hadGap |= arrived[id].HasGap;
                sent[i] += sent[i] < length ? streams[i].Client.Send(data.AsSpan(sent[i])).Bytes : 0;
            }

            pair.Settle();
            return delivered.Values.All(d => d == length);
        });
        Assert.That(hadGap, Is.True, "A run without gaps shows nothing.");
    }

    /// <summary>Every stream sends a little every 10 ms; returns when how much of each was delivered.</summary>
    private static (long At, int Bytes)[][] SendPeriodically(int victim)
    {
        var pair = new Pair(configure: c => c with { Congestion = CongestionControllers.None });
        pair.Connect();
        var streams = new StreamHandle[StreamCount];
        var numbers = new Dictionary<uint, int>();
        var log = new List<(long At, int Bytes)>[StreamCount];
        for (int i = 0; i < StreamCount; i++)
        {
            // The victim loses the same bytes dozens of times within the second.
            streams[i] = pair.Open(new StreamConfig(TransportMode.ReliableOrdered, MaxAttempts: byte.MaxValue)).Client;
            numbers[streams[i].Id] = i;
            log[i] = [];
        }

        pair.RunFor(Instant.Second);
        byte[] buffer = new byte[64 * 1024];
        pair.Server.OnEvent = e =>
        {
            if (e.Kind == EventKind.StreamReadable)
            {
                while (e.Stream.Receive(buffer) is { Status: CallStatus.Ok, Bytes: > 0 } result)
                {
                    log[numbers[e.Stream.Id]].Add((pair.Now.Nanoseconds, result.Bytes));
                }
            }
        };
        Instant start = pair.Now;
        if (victim >= 0)
        {
            uint id = streams[victim].Id;
            pair.Filter = (from, frame) => from != pair.Client || frame.Header.StreamId != id
                || pair.Now - start is < 500 * Instant.Millisecond or >= 1500 * Instant.Millisecond;
        }

        byte[] data = new byte[700];
        for (int tick = 0; tick < 300; tick++)
        {
            foreach (StreamHandle stream in streams)
            {
                Assert.That(stream.Send(data).Bytes, Is.EqualTo(data.Length));
            }

            pair.RunFor(10 * Instant.Millisecond);
        }

        pair.RunFor(10 * Instant.Second);
        Assert.That(log.Select(l => l.Sum(d => d.Bytes)), Is.All.EqualTo(300 * data.Length));
        return [.. log.Select(l => l.ToArray())];
    }

    private static void NoteArrival(Pair.Frame frame, Dictionary<uint, Arrivals> arrived)
    {
        var reader = new FrameReader(frame.Bytes.AsSpan(PacketHeader.Size));
        while (reader.TryRead(out RawFrame raw))
        {
            if (raw.Type == FrameType.Data && DataFrame.TryRead(raw, out DataFrame data) && arrived.TryGetValue(data.StreamId, out Arrivals? stream))
            {
                stream.Add(data.Position, data.Position + (uint)reader.Remaining.Length);
            }
        }
    }

    /// <summary>Which bytes of a stream have arrived, in the plainest way: a second opinion on the reassembler.</summary>
    private sealed class Arrivals
    {
        private readonly SortedSet<(ulong From, ulong To)> _above = [];

        /// <summary>All below has arrived.</summary>
        public ulong Next { get; private set; }

        public bool HasGap => _above.Count > 0;

        public void Add(ulong from, ulong to)
        {
            if (to > Next)
            {
                _above.Add((from, to));
            }

            while (_above.Count > 0 && _above.Min.From <= Next)
            {
                Next = Math.Max(Next, _above.Min.To);
                _above.Remove(_above.Min);
            }
        }
    }
}
