using System.Buffers.Binary;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Stats;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

[TestFixture]
public sealed class ProbabilisticTests
{
    private const int HeaderBytes = 8;

    [TestCase(0.9, 0.2, Category = "Slow")]
    [TestCase(0.99, 0.05)]
    [TestCase(0.999, 0.1, Category = "Slow")]
    public void Delivery_WhereThePathLosesMore_ReachesTheProbability(double probability, double loss)
    {
        var run = new Run(new ProbabilisticConfig(probability), loss);
        run.Send(20_000);
        run.ForgetCounts();
        run.Send(60_000);
        Assert.That(run.Share, Is.GreaterThanOrEqualTo(probability - 0.002));
        Assert.That(run.Client.Statistics.Retransmissions, Is.Zero);
        Assert.That(run.Client.Statistics.Delivery!.Value.PathLoss, Is.EqualTo(loss).Within(0.02));
        run.AssertEachOnceAndUnchanged();
    }

    [TestCase(0.1, 0.0)]
    [TestCase(0.5, 0.1)]
    [TestCase(0.9, 0.05)]
    public void Delivery_WhereThePathDeliversMore_IsThinned(double probability, double loss)
    {
        var run = new Run(new ProbabilisticConfig(probability), loss);
        run.Send(20_000);
        run.ForgetCounts();
        run.Send(40_000);
        Assert.That(run.Share, Is.EqualTo(probability).Within(0.01));
        Assert.That(run.Client.Statistics.Delivery!.Value.RepairsSent, Is.Zero);
        run.AssertEachOnceAndUnchanged();
    }

    /// <summary>Found by the swarm (seed 612160): the stream was to be closed when its turn came and nothing was left to send, and nothing brought that to the peer.</summary>
    [Test]
    public void Finish_AllThatWasQueuedIsThinnedOut_ReachesThePeer()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, StreamHandle server) = pair.Open(new StreamConfig(TransportMode.Probabilistic, Delivery: new ProbabilisticConfig(0)));
        pair.RunFor(Instant.Second);
        client.Send(new byte[100]);
        client.Finish();
        pair.RunFor(Instant.Second);
        Assert.That(client.Statistics.Delivery!.Value.Thinned, Is.EqualTo(1));
        Assert.That(server.Receive(new byte[100]).Status, Is.EqualTo(CallStatus.EndOfStream));
    }

    [Test]
    public void Delivery_WithoutThinning_GetsWhatThePathDelivers()
    {
        var run = new Run(new ProbabilisticConfig(0.1, Thinning: false), loss: 0.05);
        run.Send(20_000);
        Assert.That(run.Share, Is.EqualTo(0.95).Within(0.01));
        Assert.That(run.Client.Statistics.Delivery!.Value.Thinned, Is.Zero);
    }

    [Test]
    public void Delivery_NotAskedFor_SendsEachMessageOnce()
    {
        var run = new Run(null, loss: 0.1);
        run.Send(5000);
        DeliveryStatistics delivery = run.Client.Statistics.Delivery!.Value;
        Assert.That(run.Share, Is.EqualTo(0.9).Within(0.02));
        Assert.That(delivery.Thinned + delivery.RepairsSent, Is.Zero);
        Assert.That(delivery.ReportedReceived + delivery.ReportedLost, Is.GreaterThan(4900), "The receiver reports all the same.");
    }

    [Test]
    public void Repairs_ThinnedMessagesBetween_LeaveNoGapsInTheNumbers()
    {
        var run = new Run(new ProbabilisticConfig(0.5), loss: 0);
        run.Send(5000);
        Assert.That(run.Server.Statistics.Delivery!.Value.ArrivedLost, Is.Zero);
        Assert.That(run.Client.Statistics.Sent + run.Client.Statistics.Delivery!.Value.Thinned, Is.EqualTo(5000));
    }

    [TestCase(1, 1.0, TestName = "Repairs_GroupOfOne_RepeatsTheMessage")]
    [TestCase(4, 0.25, TestName = "Repairs_OneForFour_BringBackAnyOne")]
    [TestCase(4, 0.5, TestName = "Repairs_TwoForFour_BringBackAnyTwo")]
    public void Repairs_OfAFixedRatio_BringBackWhatIsMissing(int groupSize, double ratio)
    {
        int repairs = (int)(ratio * groupSize);
        foreach (int[] lost in Patterns(groupSize, repairs))
        {
            var run = new Run(new ProbabilisticConfig(1, FecRatio: ratio, GroupSize: groupSize), loss: 0);
            run.Lose(message => lost.Contains((int)message));
            run.Send(groupSize);
            Assert.That(run.Share, Is.EqualTo(1), string.Join(' ', lost));
            run.AssertEachOnceAndUnchanged();
            Assert.That(run.Server.Statistics.Delivery!.Value.ArrivedRecovered, Is.EqualTo(lost.Length));
        }
    }

    [Test]
    public void Repairs_MoreMissingThanRepairs_DeliverTheOthers()
    {
        var run = new Run(new ProbabilisticConfig(1, FecRatio: 0.25, GroupSize: 4), loss: 0);
        run.Lose(message => message < 2);
        run.Send(4);
        Assert.That(run.Delivered, Is.EquivalentTo(new ulong[] { 2, 3 }));
    }

    /// <summary>Found by the swarm (seed 1795955231): messages that went without repairs stood in the middle of a group, and what came back was another message.</summary>
    [Test]
    public void Repairs_PlanWithoutThemWhileAGroupIsOpen_EndTheGroup()
    {
        var with = new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 8);
        var run = new Run(with, loss: 0);
        run.Lose(message => message == 3);
        foreach ((double ratio, int count) in new[] { (1.0, 1), (0.0, 2), (1.0, 2) })
        {
            Assert.That(run.Client.SetDelivery(with with { FecRatio = ratio }), Is.EqualTo(CallStatus.Ok));
            for (int i = 0; i < count; i++)
            {
                run.SendOne();
            }

            run.Pair.RunFor(10 * Instant.Microsecond);
        }

        run.Pair.RunFor(200 * Instant.Millisecond);
        run.Collect();
        run.AssertEachOnceAndUnchanged();
        Assert.That(run.Delivered, Is.EquivalentTo(new ulong[] { 0, 1, 2, 3, 4 }));
        Assert.That(run.Server.Statistics.Delivery!.Value.ArrivedRecovered, Is.EqualTo(1));
    }

    /// <summary>Found by the swarm (seed 87962): a repair of nothing was made, a message without a byte.</summary>
    [Test]
    public void Repairs_GroupThatFindsNoRecordForItsFirstMessage_GetsNone()
    {
        var run = new Run(new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 4), loss: 0);
        EndpointState state = run.Pair.Client.Endpoint.State;
        ref OutboundDelivery sending = ref state.Probabilistic[state.Streams[run.Client.Index].Receive.Delivery].Sending;

        // The group of the first message gets four repairs, which take the records that the second, of two runs, would need: it cannot begin a group.
        sending.PartialPlan = sending.Plan with { RepairsLow = 4, RepairsHigh = 4 };
        sending.PartialSize = 1;
        while (state.Store.HasChunksForSending(4))
        {
            state.Store.Chunks.TryAllocate(out _);
        }

        Assert.That(run.Client.Send(new byte[100]).Status, Is.EqualTo(CallStatus.Ok));
        PayloadSlice[] leases = new PayloadSlice[2];
        for (int i = 0; i < leases.Length; i++)
        {
            Assert.That(run.Client.TryLease(out leases[i]), Is.EqualTo(CallStatus.Ok));
            leases[i] = leases[i].WithLength(300);
        }

        Assert.That(run.Client.SendZeroCopy(leases).Status, Is.EqualTo(CallStatus.Ok));
        run.Pair.RunFor(Instant.Second);

        Assert.That(run.Client.Statistics.Delivery!.Value.RepairsSent, Is.EqualTo(2), "As many as there were records, all of the first message.");
        byte[] destination = new byte[1000];
        Assert.That(run.Server.Receive(destination).Bytes, Is.EqualTo(100));
        Assert.That(run.Server.Receive(destination).Bytes, Is.EqualTo(600));
    }

    [Test]
    public void Repairs_SlowStream_ComeWhenTheFlushTimerFires()
    {
        var run = new Run(new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 32), loss: 0, new ConnectionConfig { RepairFlush = TimeSpan.FromMilliseconds(20) });
        run.Lose(message => message == 0);
        run.SendOne();
        run.Pair.RunFor(25 * Instant.Millisecond);
        Assert.That(run.Collect(), Is.Zero, "A one-way delay of 10 ms behind the timer of 20 ms.");
        run.Pair.RunFor(10 * Instant.Millisecond);
        Assert.That(run.Collect(), Is.EqualTo(1));
    }

    [Test]
    public void Repairs_Finish_ClosesTheGroupAtOnceAndThenTheStream()
    {
        var run = new Run(new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 32), loss: 0, new ConnectionConfig { RepairFlush = TimeSpan.FromSeconds(10) });
        run.Lose(message => message == 2);
        for (int i = 0; i < 3; i++)
        {
            run.SendOne();
        }

        run.Client.Finish();
        run.Pair.RunFor(Instant.Second);
        run.Collect();
        Assert.That(run.Delivered, Is.EquivalentTo(new ulong[] { 0, 1, 2 }));
        Assert.That(run.LastStatus, Is.EqualTo(CallStatus.EndOfStream));
    }

    [Test]
    public void Repairs_CloseOfTheConnection_WaitsForTheGroup()
    {
        var run = new Run(new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 32), loss: 0);
        run.Lose(message => message == 0);
        run.SendOne();
        run.Pair.Settle();
        run.Pair.Client.Connection.Close(run.Pair.Now);
        run.Pair.RunFor(Instant.Second);
        Assert.That(run.Collect(), Is.EqualTo(1));
    }

    [Test]
    public void Repairs_MessageInSeveralRuns_IsRepeated()
    {
        // Frames of the arena are smaller than messages.
        var run = new Run(new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 8), loss: 0, frameSize: 600);
        run.Lose(message => message % 2 == 0);
        run.Send(20);
        Assert.That(run.Share, Is.EqualTo(1));
        run.AssertEachOnceAndUnchanged();
    }

    [Test]
    public void Delivery_ReorderedAndDuplicated_GivesEachOnce()
    {
        var run = new Run(new ProbabilisticConfig(0.99), loss: 0.1, network: new NetworkConditions { Loss = 0.1, Reorder = 0.2, Duplicate = 0.2 });
        run.Send(20_000);
        run.AssertEachOnceAndUnchanged();
    }

    [Test]
    public void Delivery_PathGetsWorse_IsNoticed()
    {
        var run = new Run(new ProbabilisticConfig(0.99), loss: 0.01);
        run.Send(20_000);
        run.Pair.ToServer = new NetworkConditions { Loss = 0.2 };
        run.Send(10_000);
        run.ForgetCounts();
        run.Send(20_000);
        Assert.That(run.Share, Is.GreaterThanOrEqualTo(0.985));
    }

    [Test]
    public void Delivery_Bounds_NothingIsLeftBehind()
    {
        var run = new Run(new ProbabilisticConfig(0.99), loss: 0.2);

        // The frames that small payloads share stay.
        run.Send(1000);
        run.Pair.RunFor(5 * Instant.Second);
        Holdings client = Holdings.Of(run.Pair.Client.Endpoint);
        Holdings server = Holdings.Of(run.Pair.Server.Endpoint);
        run.Send(5000);
        run.Pair.RunFor(5 * Instant.Second);
        Assert.That(Holdings.Of(run.Pair.Client.Endpoint) with { Packets = client.Packets }, Is.EqualTo(client), "Lost packets are remembered for a while.");
        Assert.That(Holdings.Of(run.Pair.Server.Endpoint), Is.EqualTo(server), "Groups that stay incomplete are given up.");
    }

    [Test]
    public void Delivery_SetByTheAcceptor_HoldsForWhatItSends()
    {
        var run = new Run(null, loss: 0);
        Assert.That(run.Server.SetDelivery(new ProbabilisticConfig(0.25)), Is.EqualTo(CallStatus.Ok));
        int arrived = 0;
        for (int i = 0; i < 200; i++)
        {
            for (int j = 0; j < 20; j++)
            {
                run.Server.Send(new byte[100]);
            }

            run.Pair.RunFor(10 * Instant.Millisecond);
            arrived += run.Client.ReadAll().Count;
        }

        Assert.That(arrived / 4000.0, Is.EqualTo(0.25).Within(0.03));
    }

    [TestCase(-0.1, null, 8)]
    [TestCase(1.1, null, 8)]
    [TestCase(double.NaN, null, 8)]
    [TestCase(0.5, -1.0, 8)]
    [TestCase(0.5, 1.5, 8)]
    [TestCase(0.5, null, 0)]
    [TestCase(0.5, null, 65)]
    public void SetDelivery_OutOfRange_Throws(double probability, double? ratio, int groupSize)
    {
        var run = new Run(null, loss: 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Client.SetDelivery(new ProbabilisticConfig(probability, true, ratio, groupSize)));
    }

    [Test]
    public void SetDelivery_OtherModeOrStale_SaysClosed()
    {
        var pair = new Pair();
        pair.Connect();
        (StreamHandle client, _) = pair.Open(new StreamConfig(TransportMode.BestEffort));
        Assert.That(client.SetDelivery(new ProbabilisticConfig(0.5)), Is.EqualTo(CallStatus.Closed));
        Assert.That(default(StreamHandle).SetDelivery(new ProbabilisticConfig(0.5)), Is.EqualTo(CallStatus.Closed));
    }

    [Test]
    public void Open_MoreProbabilisticStreamsThanRecords_SaysLimitReached()
    {
        var pair = new Pair(configure: config => config with { MaxProbabilisticStreams = 2 });
        pair.Connect();
        for (int i = 0; i < 2; i++)
        {
            pair.Open(new StreamConfig(TransportMode.Probabilistic));
        }

        Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.Probabilistic), out _), Is.EqualTo(CallStatus.LimitReached));
        Assert.That(pair.Client.Connection.OpenStream(new StreamConfig(TransportMode.BestEffort), out _), Is.EqualTo(CallStatus.Ok));
    }

    private static IEnumerable<int[]> Patterns(int count, int most) => Enumerable.Range(1, (1 << count) - 1)
        .Select(pattern => Enumerable.Range(0, count).Where(i => (pattern & (1 << i)) != 0).ToArray())
        .Where(lost => lost.Length <= most);

    /// <summary>Messages that say their own number, in lengths that differ, over a path that loses.</summary>
    private sealed class Run
    {
        private readonly byte[] _buffer = new byte[2000];
        private readonly HashSet<ulong> _seen = [];
        private ulong _next;
        private ulong _firstCounted;
        private int _delivered;
        private int _wrong;

        public Run(
            ProbabilisticConfig? delivery, double loss, ConnectionConfig? connection = null, int frameSize = 2048, NetworkConditions? network = null)
        {
            Pair = new Pair(3, connection: (connection ?? new ConnectionConfig()) with { Congestion = "none" },
                configure: config => config with { CongestionChoices = [NexStream.Core.Congestion.CongestionControllers.None] }, frameSize: frameSize);
            Pair.Connect();
            (Client, Server) = Pair.Open(new StreamConfig(TransportMode.Probabilistic, Delivery: delivery));
            Pair.RunFor(Instant.Second);
            Pair.ToServer = network ?? new NetworkConditions { Loss = loss };
        }

        public Pair Pair { get; }

        public StreamHandle Client { get; }

        public StreamHandle Server { get; }

        public List<ulong> Delivered { get; } = [];

        /// <summary>How the last read ended.</summary>
        public CallStatus LastStatus { get; private set; }

        public double Share => _delivered / (double)(_next - _firstCounted);

        /// <summary>Loses the packets of some messages, by their numbers on the wire; repairs arrive.</summary>
        public void Lose(Func<ulong, bool> isLost) => Pair.Filter = (from, frame) =>
            from != Pair.Client || !Frames.TypesOf(frame).Contains(FrameType.Data) || !isLost(NumberOf(frame));

        public void ForgetCounts()
        {
            _firstCounted = _next;
            _delivered = 0;
        }

        public void SendOne()
        {
            int length = HeaderBytes + (int)(_next * 37 % 900);
            Span<byte> message = _buffer.AsSpan(0, length);
            message.Fill(unchecked((byte)_next));
            BinaryPrimitives.WriteUInt64BigEndian(message, _next++);
            Client.Send(message);
        }

        /// <summary>Sends messages in bursts of 20, two milliseconds apart, and waits for all of it.</summary>
        public void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                SendOne();
                if (i % 20 == 19)
                {
                    Pair.RunFor(2 * Instant.Millisecond);
                    Collect();
                }
            }

            Pair.RunFor(200 * Instant.Millisecond);
            Collect();
        }

        /// <summary>Reads what there is; returns how many.</summary>
        public int Collect()
        {
            int count = 0;
            ReceiveResult result;
            while ((result = Server.Receive(_buffer)).Status == CallStatus.Ok)
            {
                ulong number = BinaryPrimitives.ReadUInt64BigEndian(_buffer);
                bool isRight = result.Bytes == HeaderBytes + (int)(number * 37 % 900) && !_buffer.AsSpan(HeaderBytes, result.Bytes - HeaderBytes).ContainsAnyExcept(unchecked((byte)number));
                _wrong += isRight && _seen.Add(number) ? 0 : 1;
                _delivered += number >= _firstCounted ? 1 : 0;
                Delivered.Add(number);
                count++;
            }

            LastStatus = result.Status;
            return count;
        }

        public void AssertEachOnceAndUnchanged() => Assert.That(_wrong, Is.Zero);

        private static ulong NumberOf(Pair.Frame frame)
        {
            var reader = new FrameReader(frame.Bytes.AsSpan(PacketHeader.Size));
            while (reader.TryRead(out RawFrame raw))
            {
                if (raw.Type == FrameType.Data && DataFrame.TryRead(raw, out DataFrame data))
                {
                    return data.Position;
                }
            }

            return ulong.MaxValue;
        }
    }
}
