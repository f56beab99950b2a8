using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Tests.Support;
using static NexStream.Tests.Support.PathPair;

namespace NexStream.Tests.Modes;

/// <summary>Which path a stream's data takes.</summary>
[TestFixture]
public sealed class PathChoiceTests
{
    [Test]
    public void Stream_BoundToAPath_TakesItAndAnotherWhenItDies()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        (StreamHandle bound, StreamHandle reader) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered, Path: id));
        (StreamHandle free, _) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        var taken = new Dictionary<byte, int>();
        paths.Look = frame =>
        {
            if (Frames.IsDataOf(frame, bound.Id))
            {
                taken[frame.Packet.PathId] = taken.GetValueOrDefault(frame.Packet.PathId) + 1;
            }

            return true;
        };
        for (int i = 0; i < 50; i++)
        {
            bound.Send(new byte[500]);
            free.Send(new byte[500]);
            paths.Pair.RunFor(10 * Instant.Millisecond);
        }

        Assert.That(taken.Keys, Is.EqualTo(new[] { id }));
        paths.Kill(NodeOf(Pair.ClientNode, 1));
        bound.Send(new byte[500]);
        paths.Pair.RunFor(Instant.Second);
        Assert.That(reader.ReadAll().Sum(m => m.Length), Is.EqualTo(51 * 500), "Bound to a dead path, it takes another.");
        Assert.That(taken.Keys, Does.Contain((byte)0));
    }

    [Test]
    public void Stream_BoundToAFullPath_HoldsUpNoOther()
    {
        var paths = new PathPair();
        byte id = paths.Open();
        var bound = new List<StreamHandle>();
        for (int i = 0; i < 3; i++)
        {
            bound.Add(paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered, Path: id)).Client);
        }

        (StreamHandle free, StreamHandle reader) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableUnordered));
        bound.ForEach(stream => stream.Send(new byte[100_000]));
        paths.Pair.RunFor(Instant.Millisecond);
        free.Send(new byte[500]);
        paths.Pair.RunFor(12 * Instant.Millisecond);
        Assert.That(reader.ReadAll(), Has.Count.EqualTo(1));
    }

    [Test]
    public void Repairs_OfAGroup_TakeAnotherPathThanItsMessages()
    {
        var paths = new PathPair();
        paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(
            new StreamConfig(TransportMode.Probabilistic, Delivery: new ProbabilisticConfig(1, FecRatio: 0.25, GroupSize: 8)));
        var sources = new HashSet<byte>();
        var repairs = new HashSet<byte>();
        paths.Look = frame =>
        {
            if (Frames.IsDataOf(frame, client.Id))
            {
                var reader = new FrameReader(frame.Bytes.AsSpan(PacketHeader.Size));
                while (!reader.IsAtData && reader.TryRead(out _))
                {
                }

                (reader.IsAtRepair ? repairs : sources).Add(frame.Packet.PathId);
            }

            return true;
        };
        for (int i = 0; i < 200; i++)
        {
            client.Send(new byte[300]);
            paths.Pair.RunFor(Instant.Millisecond);
        }

        paths.Pair.RunFor(Instant.Second);
        Assert.That((sources.Count, repairs.Count), Is.EqualTo((1, 1)));
        Assert.That(repairs, Is.Not.EqualTo(sources));
        Assert.That(server.ReadAll(), Has.Count.EqualTo(200), "A repair of what arrived delivers nothing twice.");
    }

    [Test]
    public void Redundant_EachReliableSegment_GoesOnBothPathsAndIsDeliveredOnce([Values(TransportMode.ReliableOrdered, TransportMode.ReliableUnordered)] TransportMode mode)
    {
        var paths = new PathPair(scheduler: PathSchedulers.Redundant);
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(mode));
        var perPath = new int[2];
        paths.Look = frame =>
        {
            perPath[frame.Packet.PathId == id ? 1 : 0] += Frames.IsDataOf(frame, client.Id) ? 1 : 0;
            return true;
        };
        for (int i = 0; i < 100; i++)
        {
            client.Send(new byte[400]);
            paths.Pair.RunFor(5 * Instant.Millisecond);
        }

        paths.Pair.RunFor(Instant.Second);
        Assert.That(perPath, Is.EqualTo(new[] { 100, 100 }));
        Assert.That(server.ReadAll().Sum(m => m.Length), Is.EqualTo(100 * 400));
        Assert.That(client.Statistics.Retransmissions, Is.Zero);
        Assert.That(paths.Client.Endpoint.State.Segments.Count, Is.Zero, "The first acknowledgement frees it.");
    }

    [Test]
    public void Redundant_Datagrams_AreSentOnce([Values(TransportMode.BestEffort, TransportMode.Probabilistic)] TransportMode mode)
    {
        var paths = new PathPair(scheduler: PathSchedulers.Redundant);
        paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(mode));
        for (int i = 0; i < 50; i++)
        {
            client.Send(new byte[400]);
            paths.Pair.RunFor(5 * Instant.Millisecond);
        }

        paths.Pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll(), Has.Count.EqualTo(50));
    }

    [Test]
    public void Redundant_ProbabilisticGroupsOfOne_AreOnBothPathsAndDeliveredOnce()
    {
        var paths = new PathPair(scheduler: PathSchedulers.Redundant);
        paths.Open();
        paths.Lose(NodeOf(Pair.ClientNode, 1), 0.3);
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(
            new StreamConfig(TransportMode.Probabilistic, Delivery: new ProbabilisticConfig(1, FecRatio: 1, GroupSize: 1)));
        for (int i = 0; i < 300; i++)
        {
            client.Send(new byte[400]);
            paths.Pair.RunFor(5 * Instant.Millisecond);
        }

        paths.Pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll(), Has.Count.EqualTo(300));
    }

    [Test]
    public void Weighted_ThreeToOne_SharesThePacketsSo()
    {
        var paths = new PathPair(scheduler: PathSchedulers.Weighted);
        byte id = paths.Open();
        paths.Client.Connection.SetPathWeight(0, 3);
        (StreamHandle client, _) = paths.Pair.Open(new StreamConfig(TransportMode.BestEffort));
        ulong first = PathOf(paths.Client, 0).PacketsSent;
        ulong second = PathOf(paths.Client, id).PacketsSent;
        for (int i = 0; i < 400; i++)
        {
            client.Send(new byte[400]);
            paths.Pair.RunFor(2 * Instant.Millisecond);
        }

        Assert.That((double)(PathOf(paths.Client, 0).PacketsSent - first), Is.EqualTo(300).Within(10));
        Assert.That((double)(PathOf(paths.Client, id).PacketsSent - second), Is.EqualTo(100).Within(10));
    }

    [Test]
    public void OwnScheduler_ByName_IsAskedAndItsAnswerTaken()
    {
        var own = new LastPath();
        var paths = new PathPair(configure: c => c with { PathSchedulerChoices = [own] }, connection: new ConnectionConfig { PathScheduler = "last" });
        byte id = paths.Open();
        (StreamHandle client, StreamHandle server) = paths.Pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        ulong before = PathOf(paths.Client, id).PacketsSent;
        client.Send(new byte[50_000]);
        paths.Pair.RunFor(Instant.Second);
        Assert.That(server.ReadAll().Sum(m => m.Length), Is.EqualTo(50_000));
        Assert.That(PathOf(paths.Client, id).PacketsSent - before, Is.GreaterThanOrEqualTo(35));
        Assert.That(
            () => paths.Client.Endpoint.Connect(Pair.ServerNode, paths.Pair.Now, out _, new ConnectionConfig { PathScheduler = "bogus" }),
            Throws.ArgumentException.With.Message.Contains("bogus"));
    }

    /// <summary>A scheduler of a user's: always the path that was opened last, and nonsense when that has no room.</summary>
    private sealed class LastPath : IPathScheduler, IPathSchedulerFactory
    {
        public string Name => "last";

        public IPathScheduler Create() => this;

        public void Reset()
        {
            // It remembers nothing.
        }

        public int Choose(ReadOnlySpan<PathView> paths, in PathDemand demand) => paths[^1].CanSend ? paths.Length - 1 : 99;
    }
}
