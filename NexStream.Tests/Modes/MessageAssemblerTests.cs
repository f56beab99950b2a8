using CsCheck;
using NexStream.Core.Buffers;
using NexStream.Core.Modes;
using NexStream.Core.State;
using NexStream.Core.Streams;

namespace NexStream.Tests.Modes;

/// <summary>Fragments in any order, overlapping as a peer may cut them again, against an array of bytes.</summary>
[TestFixture]
public sealed class MessageAssemblerTests
{
    private const int Length = 600;
    private const int FrameCount = 256;

    [Test]
    public void TryAdd_AnyFragments_KeepsTheFirstCopyOfEachByte() =>
        Gen.Select(Gen.Int[0, Length - 1], Gen.OneOf(Gen.Int[1, 4], Gen.Int[1, Length])).Array[1, 150].Sample(fragments =>
        {
            var world = new World();
            foreach ((int offset, int length) in fragments)
            {
                world.Add(offset, Math.Min(length, Length - offset));
            }

            // What was refused behind a gap comes again.
            world.Add(0, Length);
            Assert.That(world.IsComplete, Is.True);
            world.CheckNothingIsHeldWhenItIsGone();
        });

    // More than it may have behind gaps: each finds a place, as the next, and none costs more than a record for 512 bytes, the 64 that any message may have, and its frames.
    [Test]
    public void TryAdd_ManyShortFragmentsInOrder_RefusesNone()
    {
        var world = new World();
        for (int offset = 0; offset < Length; offset++)
        {
            Assert.That(world.Add(offset, 1), Is.True);
        }

        Assert.That(world.IsComplete, Is.True);
    }

    [Test]
    public void TryAdd_ManyShortFragmentsBehindGaps_RefusesThoseBeyondItsRuns()
    {
        var world = new World();
        int taken = Enumerable.Range(0, Length / 2).Count(i => world.Add((2 * i) + 1, 1));
        Assert.That(taken, Is.EqualTo(64));
    }

    private sealed class World
    {
        private readonly FrameTable _frames = new(new FrameArena(256, FrameCount), 1);
        private readonly PayloadStore _store;
        private readonly MessageAssembler _assembler;
        private readonly MemoryShare _memory = new(0);
        private readonly int[] _model = new int[Length];
        private InboundMessage _message = new() { Length = Length };
        private int _seed;

        public World()
        {
            _store = new PayloadStore(_frames, new Slab<Chunk>(1024), reserve256: 0);
            var keeper = new PayloadKeeper(_store);
            _assembler = new MessageAssembler(_store, keeper, new Reassembler(_store, keeper));
            _memory.Reset(FrameCount);
            InboundMessages.StartOver(ref _message);
            Array.Fill(_model, -1);
        }

        public bool IsComplete => _message.Received == Length;

        public bool Add(int offset, int length)
        {
            if (IsComplete)
            {
                return true;
            }

            byte[] bytes = [.. Enumerable.Range(0, length).Select(i => unchecked((byte)((_seed * 37) + i)))];
            _seed++;
            int before = _message.Received;
            bool isKept = _assembler.TryAdd(_memory, ref _message, offset, new InboundPayload(bytes, PayloadSlice.NoFrame, 0, [], length));
            int left = _message.Received - before;
            for (int i = 0; i < length && left > 0; i++)
            {
                if (_model[offset + i] < 0)
                {
                    _model[offset + i] = bytes[i];
                    left--;
                }
            }

            Assert.That(left, Is.Zero, "More was counted than was missing.");
            Assert.That(!isKept || _model.AsSpan(offset, length).IndexOf(-1) < 0, Is.True, "It says that everything is there.");
            Check();
            return isKept;
        }

        public void CheckNothingIsHeldWhenItIsGone()
        {
            _store.Clear(ref _message.Content);
            _memory.Received.Drop(_frames);
            Assert.That((_message.Ahead.IsEmpty, _store.Chunks.Count, _frames.Arena.FreeCount), Is.EqualTo((true, 0, FrameCount)));
        }

        private void Check()
        {
            int[] found = new int[Length];
            Array.Fill(found, -1);
            ulong edge = Read(_message.Content, 0, mayStartBehind: false, found);
            Read(_message.Ahead, edge, mayStartBehind: true, found);
            Assert.That(found, Is.EqualTo(_model));
        }

        private ulong Read(in ChunkList list, ulong edge, bool mayStartBehind, int[] found)
        {
            for (int i = list.Head; i >= 0; i = _store.Chunks[i].Next)
            {
                Chunk chunk = _store.Chunks[i];
                Assert.That(chunk.Position, mayStartBehind ? Is.GreaterThanOrEqualTo(edge) : Is.EqualTo(edge));
                edge = chunk.End;
                ReadOnlySpan<byte> bytes = _frames.Bytes(chunk.Slice);
                for (int k = 0; k < bytes.Length; k++)
                {
                    found[(int)chunk.Position + k] = bytes[k];
                }
            }

            return edge;
        }
    }
}
