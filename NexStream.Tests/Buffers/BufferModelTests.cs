using CsCheck;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Tests.Buffers;

/// <summary>The containers of the core against simple models that do the same slowly.</summary>
[TestFixture]
public sealed class BufferModelTests
{
    private const int RunsMax = 8;

    private static readonly Gen<(int Kind, int Value)[]> s_operations = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 40]).Array[0, 120];

    [Test]
    public void RangeSet_AnyOperations_AgreesWithASetOfNumbers() => s_operations.Sample(operations =>
    {
        var nodes = new Slab<RangeNode>(RunsMax);
        RangeSet set = RangeSet.Empty;
        var model = new SortedSet<ulong>();
        foreach ((int kind, int value) in operations)
        {
            ulong number = (ulong)value;
            switch (kind)
            {
                case 0 or 1:
                    bool fits = model.Contains(number) || RunsWith(model, number) <= RunsMax;
                    Assert.That(set.TryAdd(nodes, number, RunsMax), Is.EqualTo(fits));
                    if (fits)
                    {
                        model.Add(number);
                    }

                    break;
                case 2:
                    bool isThere = model.Contains(number);
                    bool splits = isThere && model.Contains(unchecked(number - 1)) && model.Contains(number + 1);
                    bool removes = isThere && (!splits || Runs(model) < RunsMax);
                    Assert.That(set.TryRemove(nodes, number, RunsMax), Is.EqualTo(removes));
                    if (removes)
                    {
                        model.Remove(number);
                    }

                    break;
                default:
                    ulong expected = number;
                    if (model.Count > 0 && model.Min == number)
                    {
                        while (model.Remove(expected))
                        {
                            expected++;
                        }
                    }

                    Assert.That(set.TakeFrom(nodes, number), Is.EqualTo(expected));
                    break;
            }

            Assert.That(set.Count, Is.EqualTo(Runs(model)));
            Assert.That(nodes.Count, Is.EqualTo(set.Count), "Nodes leak.");
            for (ulong i = 0; i <= 41; i++)
            {
                Assert.That(set.Contains(nodes, i), Is.EqualTo(model.Contains(i)));
            }
        }
    });

    [Test]
    public void RangeSet_RunsInAnyOrder_CountsWhatIsNew() => Gen.Select(Gen.Int[0, 60], Gen.Int[1, 12]).Array[0, 60].Sample(runs =>
    {
        var nodes = new Slab<RangeNode>(RunsMax);
        RangeSet set = RangeSet.Empty;
        var model = new SortedSet<ulong>();
        foreach ((int first, int length) in runs)
        {
            IEnumerable<ulong> numbers = Enumerable.Range(first, length).Select(n => (ulong)n);
            bool fits = Runs(new SortedSet<ulong>(model.Concat(numbers))) <= RunsMax;
            Assert.That(set.TryAddRun(nodes, (ulong)first, (ulong)(first + length - 1), out ulong added), Is.EqualTo(fits));
            if (fits)
            {
                int before = model.Count;
                model.UnionWith(numbers);
                Assert.That(added, Is.EqualTo((ulong)(model.Count - before)));
            }

            Assert.That(nodes.Count, Is.EqualTo(Runs(model)));
            for (ulong i = 0; i <= 75; i++)
            {
                Assert.That(set.Contains(nodes, i), Is.EqualTo(model.Contains(i)));
            }
        }
    });

    [Test]
    public void IndexTable_AnyOperations_AgreesWithADictionary() => Gen.Select(s_operations, Gen.ULong).Sample((operations, secret) =>
    {
        // Forty keys in a table for forty-one: probe sequences meet and wrap.
        var table = new IndexTable(41, secret);
        var model = new Dictionary<ulong, int>();
        foreach ((int kind, int value) in operations)
        {
            ulong key = (ulong)value * 0x1_0000_0001;
            if (kind < 2 && model.TryAdd(key, value))
            {
                table.Add(key, value);
            }
            else if (kind >= 2)
            {
                Assert.That(table.Remove(key), Is.EqualTo(model.Remove(key)));
            }

            Assert.That(table.Count, Is.EqualTo(model.Count));
            for (int i = 0; i <= 40; i++)
            {
                ulong asked = (ulong)i * 0x1_0000_0001;
                Assert.That(table.Find(asked), Is.EqualTo(model.GetValueOrDefault(asked, -1)));
            }
        }
    });

    [Test]
    public void Slab_AnyOperations_GivesEveryIndexToOneUserAtATime() => s_operations.Sample(operations =>
    {
        var slab = new Slab<int>(10);
        var used = new List<int>();
        foreach ((int kind, int value) in operations)
        {
            if (kind < 2)
            {
                bool isFree = used.Count < 10;
                Assert.That(slab.TryAllocate(out int index), Is.EqualTo(isFree));
                if (isFree)
                {
                    Assert.That(used, Does.Not.Contain(index));
                    used.Add(index);
                }
                else
                {
                    Assert.That(index, Is.EqualTo(Slab<int>.None));
                }
            }
            else if (used.Count > 0)
            {
                slab.Free(used[value % used.Count]);
                used.RemoveAt(value % used.Count);
            }

            Assert.That(slab.Count, Is.EqualTo(used.Count));
            Assert.That(slab.FreeCount, Is.EqualTo(10 - used.Count));
        }
    });

    [Test]
    public void IndexRing_AnyOperations_AgreesWithAQueue() => s_operations.Sample(operations =>
    {
        var ring = new IndexRing(41);
        var model = new Queue<int>();
        foreach ((int kind, int value) in operations)
        {
            if (kind < 2 && !model.Contains(value))
            {
                ring.Enqueue(value);
                model.Enqueue(value);
            }
            else if (model.Count > 0)
            {
                Assert.That(ring.Peek(), Is.EqualTo(model.Peek()));
                Assert.That(ring.Dequeue(), Is.EqualTo(model.Dequeue()));
            }

            Assert.That(ring.Count, Is.EqualTo(model.Count));
        }
    });

    [Test]
    public void DeadlineHeap_AnyOperations_HasTheEarliestAtItsRoot() => s_operations.Sample(operations =>
    {
        var messages = new Slab<OutboundMessage>(200);
        var model = new List<int>();
        int root = Slab<OutboundMessage>.None;
        foreach ((int kind, int value) in operations)
        {
            if (kind < 3)
            {
                messages.TryAllocate(out int index);
                messages[index] = new OutboundMessage { Deadline = new Instant(value) };
                DeadlineHeap.Add(messages, ref root, index);
                model.Add(index);
            }
            else if (model.Count > 0)
            {
                int index = value % 2 == 0 ? root : model[value % model.Count];
                DeadlineHeap.Remove(messages, ref root, index);
                model.Remove(index);
                messages.Free(index);
            }

            Assert.That(root == Slab<OutboundMessage>.None, Is.EqualTo(model.Count == 0));
            if (model.Count > 0)
            {
                Assert.That(messages[root].Deadline, Is.EqualTo(model.Select(i => messages[i].Deadline).Min()));
            }
        }

        while (root != Slab<OutboundMessage>.None)
        {
            model.Remove(root);
            DeadlineHeap.Remove(messages, ref root, root);
        }

        Assert.That(model, Is.Empty, "Something was lost from the heap.");
    });

    [Test]
    public void PayloadStore_AppendAndRead_GiveTheSameBytesAndFreeEverything() => Gen.Int[1, 700].Array[0, 40].Sample(lengths =>
    {
        var frames = new FrameTable(new FrameArena(512, 128), 1);
        var store = new PayloadStore(frames, new Slab<Chunk>(512), reserve256: 0);
        SharedFrame shared = SharedFrame.None;
        ChunkList list = ChunkList.Empty;
        var model = new Queue<byte>();
        byte[] buffer = new byte[700];
        for (int i = 0; i < lengths.Length; i++)
        {
            if (i % 3 == 2)
            {
                int read = store.Read(ref list, buffer.AsSpan(0, lengths[i]));
                Assert.That(read, Is.EqualTo(Math.Min(lengths[i], model.Count)));
                Assert.That(buffer[..read], Is.EqualTo(model.Take(read)));
                for (int k = 0; k < read; k++)
                {
                    model.Dequeue();
                }
            }
            else
            {
                byte[] data = [.. Enumerable.Range(0, lengths[i]).Select(k => unchecked((byte)((i * 31) + k)))];
                Assert.That(store.Append(ref list, data, 0, 0, ref shared, 128, keepTail: i % 2 == 0), Is.EqualTo(data.Length));
                Array.ForEach(data, model.Enqueue);
            }
        }

        Assert.That(store.Clear(ref list), Is.EqualTo(model.Count));
        shared.Drop(frames);
        Assert.That(frames.Arena.FreeCount, Is.EqualTo(128));
        Assert.That(frames.HeldBy(0), Is.Zero);
        Assert.That(store.Chunks.Count, Is.Zero);
    });

    [Test]
    public void FrameTable_RoomForSlices_EndsWhereOneMoreCouldNotBeKept()
    {
        using var releaser = new Forgetful();
        var frames = new FrameTable(new FrameArena(512, 128), 1);
        var region = new PeerRegion(releaser.Memory, Forgetful.FrameSize, Forgetful.FrameCount, releaser);
        frames.Register(region);
        var memory = new MemoryShare(0);
        for (int framesMax = 1; framesMax <= Forgetful.FrameCount; framesMax++)
        {
            memory.Reset(framesMax);
            int room = frames.RoomFor(region, memory);
            int kept = 0;
            while (frames.CanAdopt([Slice(kept)], memory, 1, out _))
            {
                frames.Adopt(Slice(kept), memory);
                Assert.That(frames.RoomFor(region, memory), Is.EqualTo(room - ++kept));
            }

            Assert.That(kept, Is.EqualTo(room), "Half of the peer's frames, and the connection's share.");
            for (int i = 0; i < kept; i++)
            {
                frames.Release(Slice(i).Frame);
            }
        }

        PayloadSlice Slice(int index) => new(PayloadSlice.FrameOf(region.Number, index), 0, Forgetful.FrameSize);
    }

    // A frame is 512 bytes, a cache line 64.
    [TestCase(448, 400, 2)]
    [TestCase(449, 400, 2)]
    [TestCase(448, 64, 1)]
    public void PayloadStore_RestOfFrame_IsFilledUpFromOneCacheLineOn(int first, int second, int frameCount)
    {
        var frames = new FrameTable(new FrameArena(512, 128), 1);
        var store = new PayloadStore(frames, new Slab<Chunk>(512), reserve256: 0);
        SharedFrame shared = SharedFrame.None;
        ChunkList list = ChunkList.Empty;
        store.Append(ref list, new byte[first], 0, 0, ref shared, 128, keepTail: true);
        store.Append(ref list, new byte[second], (ulong)first, 0, ref shared, 128, keepTail: true);
        Assert.That(frames.HeldBy(0), Is.EqualTo(frameCount));
        Assert.That(store.Chunks[list.Head].Slice.Length, Is.EqualTo(first == 448 ? 512 : first), "What is left of the first frame is used, or not.");
    }

    [Test]
    public void StreamScheduler_AnyOperations_ServesExactlyThoseThatWantToSend() => s_operations.Sample(operations =>
    {
        var streams = new Slab<StreamState>(8);
        for (int i = 0; i < 8; i++)
        {
            streams.TryAllocate(out int index);
            streams[index] = new StreamState { Priority = unchecked((byte)(i * 2)) };
        }

        var scheduler = default(StreamScheduler);
        scheduler.Reset(SchedulingPolicy.Weighted);
        var wants = new HashSet<int>();
        var blocked = new HashSet<int>();
        foreach ((int kind, int value) in operations)
        {
            int index = value % 8;
            switch (kind)
            {
                case 0:
                    scheduler.Add(streams, index);
                    blocked.Remove(index);
                    wants.Add(index);
                    break;
                case 1:
                    scheduler.Remove(streams, index);
                    blocked.Remove(index);
                    wants.Remove(index);
                    break;
                case 2 when wants.Contains(index):
                    scheduler.Block(streams, index);
                    wants.Remove(index);
                    blocked.Add(index);
                    break;
                case 3 when value > 35:
                    scheduler.Unblock(streams);
                    wants.UnionWith(blocked);
                    blocked.Clear();
                    break;
                default:
                    break;
            }

            Assert.That(scheduler.IsEmpty, Is.EqualTo(wants.Count == 0));
        }

        var served = new HashSet<int>();
        for (int i = 0; i < 200 && wants.Count > 0; i++)
        {
            int next = scheduler.Next(streams, 1500);
            served.Add(next);
            scheduler.OnSent(streams, next, ref streams[next], 1400);
        }

        Assert.That(served, Is.EquivalentTo(wants), "Nobody starves and nobody is served who does not want to send.");
    });

    private static int RunsWith(SortedSet<ulong> model, ulong number) => Runs([.. model, number]);

    private static int Runs(SortedSet<ulong> model) => model.Count(n => !model.Contains(unchecked(n - 1)));

    /// <summary>A peer's frames, and nobody who is told that they came free.</summary>
    private sealed class Forgetful : IFrameReleaser, IDisposable
    {
        public const int FrameSize = 64;
        public const int FrameCount = 16;

        public nint Memory { get; } = System.Runtime.InteropServices.Marshal.AllocHGlobal(FrameSize * FrameCount);

        public void Release(int index, int holds)
        {
            // Nobody sends these.
        }

        public void Dispose() => System.Runtime.InteropServices.Marshal.FreeHGlobal(Memory);
    }
}
