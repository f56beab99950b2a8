using CsCheck;
using NexStream.Core.Buffers;

namespace NexStream.Tests.Buffers;

/// <summary>The list of what came too early against an array in which the first copy of each byte stays.</summary>
[TestFixture]
public sealed class ReassemblerModelTests
{
    private const int Length = 600;
    private const int FrameCount = 512;

    /// <summary>Runs to insert, so that most touch or overlap others, and every seventh time bytes to take from the front instead.</summary>
    private static readonly Gen<(int Position, int Length)[]> s_runs = Gen.Select(Gen.Int[0, Length - 1], Gen.Int[1, 90]).Array[1, 80];

    [Test]
    public void TryInsert_AnyRunsInAnyOrder_KeepsTheFirstCopyOfEachByteAndGivesItOutInOrder() => s_runs.Sample(runs =>
    {
        var world = new World();
        for (int i = 0; i < runs.Length; i++)
        {
            if (i % 7 == 6)
            {
                world.TakeUpTo(runs[i].Position);
            }
            else
            {
                world.Insert(runs[i].Position, Math.Min(runs[i].Length, Length - runs[i].Position), i);
            }

            world.Check();
        }

        world.TakeUpTo(Length);
        world.CheckNothingIsHeld();
    });

    /// <summary>What fails for want of records or memory leaves a list that is right as far as it goes.</summary>
    [Test]
    public void TryInsert_WithoutRecords_KeepsWhatItCounts() => Gen.Select(s_runs, Gen.Int[1, 6]).Sample((runs, records) =>
    {
        var world = new World(records);
        for (int i = 0; i < runs.Length; i++)
        {
            world.Insert(runs[i].Position, Math.Min(runs[i].Length, Length - runs[i].Position), i);
            world.Check();
        }

        world.TakeUpTo(Length);
        world.CheckNothingIsHeld();
    });

    private sealed class World
    {
        private readonly FrameTable _frames = new(new FrameArena(256, FrameCount), 1);
        private readonly PayloadStore _store;
        private readonly Reassembler _reassembler;
        private readonly MemoryShare _memory = new(0);

        /// <summary>What is there; -1: nothing.</summary>
        private readonly int[] _model = new int[Length];

        private ChunkList _list = ChunkList.Empty;
        private int _count;
        private long _held;

        public World(int records = 1024)
        {
            _store = new PayloadStore(_frames, new Slab<Chunk>(records), reserve256: 0);
            _reassembler = new Reassembler(_store, new PayloadKeeper(_store));
            _memory.Reset(FrameCount);
            Array.Fill(_model, -1);
        }

        public void Insert(int position, int length, int seed)
        {
            // Half of the packets were partly taken in before: their first bytes are skipped.
            int skip = seed % 2 * Math.Min(position, 5);
            byte[] bytes = [.. Enumerable.Range(0, skip + length).Select(k => unchecked((byte)((seed * 37) + k)))];
            var payload = new InboundPayload(bytes, PayloadSlice.NoFrame, 0, [], bytes.Length);
            bool isComplete = _reassembler.TryInsert(_memory, ref _list, ref _count, _held, (ulong)position, payload, skip, out int inserted);
            _held += inserted;
            int left = inserted;
            for (int i = 0; i < length; i++)
            {
                if (_model[position + i] < 0 && left > 0)
                {
                    _model[position + i] = bytes[skip + i];
                    left--;
                }
            }

            Assert.That(left, Is.Zero, "More was counted than was missing.");
            Assert.That(!isComplete || _model.Skip(position).Take(length).All(b => b >= 0), Is.True, "It says that everything is there.");
        }

        /// <summary>Everything in front of a position is wanted, as when a gap was filled.</summary>
        public void TakeUpTo(int position)
        {
            while (_reassembler.TryTake(ref _list, (ulong)position, out Chunk chunk))
            {
                Assert.That(chunk.Position, Is.LessThanOrEqualTo((ulong)position));
                Array.Fill(_model, -1, (int)chunk.Position, chunk.Slice.Length);
                _count--;
                _held -= chunk.Slice.Length;
                _frames.Release(chunk.Slice.Frame);
            }
        }

        public void Check()
        {
            var found = new int[Length];
            Array.Fill(found, -1);
            ulong end = 0;
            int chunks = 0;
            int last = Slab<Chunk>.None;
            for (int i = _list.Head; i >= 0; i = _store.Chunks[i].Next)
            {
                Chunk chunk = _store.Chunks[i];
                Assert.That(chunk.Position, Is.GreaterThanOrEqualTo(end), "Runs are sorted and do not overlap.");
                end = chunk.End;
                ReadOnlySpan<byte> bytes = _frames.Bytes(chunk.Slice);
                for (int k = 0; k < bytes.Length; k++)
                {
                    found[(int)chunk.Position + k] = bytes[k];
                }

                chunks++;
                last = i;
            }

            Assert.That(found, Is.EqualTo(_model));
            Assert.That(_count, Is.EqualTo(chunks));
            Assert.That(_list.Tail, Is.EqualTo(last));
        }

        public void CheckNothingIsHeld()
        {
            _memory.Received.Drop(_store.Frames);
            Assert.That(_list.IsEmpty, Is.True);
            Assert.That(_store.Chunks.Count, Is.Zero);
            Assert.That(_frames.Arena.FreeCount, Is.EqualTo(FrameCount));
            Assert.That(_frames.HeldBy(0), Is.Zero);
        }
    }
}
