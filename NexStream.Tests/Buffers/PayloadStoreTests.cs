using System.Runtime.InteropServices;
using CsCheck;
using NexStream.Core.Buffers;

namespace NexStream.Tests.Buffers;

/// <summary>The short ways of <see cref="PayloadStore"/> against the long ones.</summary>
[TestFixture]
public sealed class PayloadStoreTests
{
    private const int FrameSize = 1024;
    private const int Frames = 256;

    // Nothing, small payloads, those that fit what is left of a frame, to the byte and one too long, and those that fill more than one.
    private static readonly Gen<int> s_length = Gen.OneOf(
        Gen.Const(0), Gen.Int[1, 80], Gen.Int[200, 300], Gen.Int[400, 620], Gen.Int[940, 1030], Gen.Const(FrameSize / 2), Gen.Int[1, 3 * FrameSize]);

    [Test]
    public void TryAppendWhole_AnyLengths_LeavesWhatAppendLeaves() => s_length.Array[1, 30].Sample(lengths =>
    {
        var whole = new Sends();
        var append = new Sends();
        foreach (int length in lengths)
        {
            byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)((i + append.Bytes) % 251))];
            int runs = whole.Chunks.Count;
            if (whole.TryAppendWhole(data))
            {
                Assert.That(length, Is.GreaterThan(0), "Nothing is nothing to be done.");
            }
            else
            {
                Assert.That(whole.Chunks.Count, Is.EqualTo(runs), "What was refused left nothing behind.");
                whole.Append(data);
            }

            append.Append(data);
            Assert.That((whole.Bytes, whole.Chunks.Count, whole.Held), Is.EqualTo((append.Bytes, append.Chunks.Count, append.Held)));
        }

        Assert.That(whole.Runs().SequenceEqual(append.Runs()), Is.True, "The same runs in the same places.");
        Assert.That(whole.Content().AsSpan().SequenceEqual(append.Content()), Is.True, "The same bytes in them.");
    });

    [TestCase(500, 500, true)]
    [TestCase(500, 524, true)]
    [TestCase(500, 525, false, Description = "a byte more than there is room for")]
    [TestCase(500, 1, true)]
    [TestCase(500, 0, false)]
    [TestCase(960, 64, true)]
    [TestCase(961, 300, true, Description = "less than a cache line is left: a frame of its own")]
    public void TryAppendWhole_BehindARun_TakesAllOrNothing(int first, int second, bool isTaken)
    {
        var sends = new Sends();
        Assert.That(sends.TryAppendWhole(new byte[first]), Is.True);
        Assert.That(sends.TryAppendWhole(new byte[second]), Is.EqualTo(isTaken));
        Assert.That(sends.Content(), Has.Length.EqualTo(first + (isTaken ? second : 0)));
    }

    [TestCase(460, 1, Description = "a cache line is left")]
    [TestCase(461, 2)]
    public void TryAppendWhole_FrameFilledUpInTwoSteps_KeepsItWhileALineIsLeft(int second, int runs)
    {
        var sends = new Sends();
        foreach (int length in (int[])[500, second, runs == 1 ? 64 : 300])
        {
            Assert.That(sends.TryAppendWhole(new byte[length]), Is.True);
        }

        Assert.That(sends.Runs(), Has.Count.EqualTo(runs));
    }

    /// <summary>A span as long as there can be, of which nothing is read: behind the last run there is no room for it.</summary>
    [Test]
    public void TryAppendWhole_AsLongAsSpansCanBe_IsRefused()
    {
        var sends = new Sends();
        byte first = 0;
        Assert.That(sends.TryAppendWhole(new byte[500]), Is.True);
        Assert.That(sends.TryAppendWhole(MemoryMarshal.CreateReadOnlySpan(ref first, int.MaxValue)), Is.False);
    }

    /// <summary>A list of what is sent, and its store.</summary>
    private sealed class Sends
    {
        private readonly FrameTable _frames = new(new FrameArena(FrameSize, Frames), 1);
        private readonly MemoryShare _memory = new(0);
        private readonly PayloadStore _store;
        private ChunkList _list = ChunkList.Empty;

        public Sends()
        {
            _store = new PayloadStore(_frames, new Slab<Chunk>(Frames), reserve256: 0);
            _memory.Reset(Frames);
        }

        public int Bytes { get; private set; }

        public Slab<Chunk> Chunks => _store.Chunks;

        public int Held => _frames.HeldBy(0);

        public bool TryAppendWhole(ReadOnlySpan<byte> data)
        {
            bool isTaken = _store.TryAppendWhole(ref _list, data, (uint)Bytes, _memory);
            Bytes += isTaken ? data.Length : 0;
            return isTaken;
        }

        public void Append(ReadOnlySpan<byte> data) =>
            Bytes += _store.Append(ref _list, data, (uint)Bytes, 0, ref _memory.Sending, _memory.SendFramesMax);

        public List<(ulong Position, PayloadSlice Slice, bool IsAppendable)> Runs()
        {
            var runs = new List<(ulong, PayloadSlice, bool)>();
            for (int i = _list.Head; i >= 0; i = Chunks[i].Next)
            {
                runs.Add((Chunks[i].Position, Chunks[i].Slice, Chunks[i].IsAppendable));
            }

            return runs;
        }

        public byte[] Content() => [.. Runs().SelectMany(run => _frames.Bytes(run.Slice).ToArray())];
    }
}
