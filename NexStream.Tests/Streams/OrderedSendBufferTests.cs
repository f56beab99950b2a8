using CsCheck;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;

namespace NexStream.Tests.Streams;

/// <summary>The send buffer of RO streams against a set of byte positions, through any order of sending, losing, probing and acknowledging.</summary>
[TestFixture]
public sealed class OrderedSendBufferTests
{
    private const int FrameSize = 512;

    /// <summary>Sequences of events that are tried: fewer where every overflow is checked.</summary>
#if DEBUG
    private const int Sequences = 500;
#else
    private const int Sequences = 1500;
#endif

    private static readonly Gen<(int Kind, int Value)[]> s_operations = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1000]).Array[1, 200];

    [Test]
    public void AnyOrderOfEvents_EveryByteIsSentAsItWasWritten_AndNothingIsLeft() => s_operations.Sample(
        operations =>
        {
            var world = new World();
            foreach ((int kind, int value) in operations)
            {
                world.Do(kind, value);
                world.Check();
            }

            world.Finish();
        },
        iter: Sequences);

    // Packets of 100 bytes out of one piece of so many.
    [TestCase(99, 5, 0)]
    [TestCase(100, 5, 1)]
    [TestCase(199, 5, 1)]
    [TestCase(200, 5, 2)]
    [TestCase(299, 5, 2)]
    [TestCase(500, 3, 3)]
    public void TakeAlike_OfOnePiece_TakesNoMoreThanLiesInIt(int bytes, int most, int expected)
    {
        var world = new World();
        world.Append(bytes);
        Assert.That(world.TakeAlike(100, most), Is.EqualTo(expected));
        Assert.That(world.Sent, Is.EqualTo(100 * expected));
    }

    [Test]
    public void Unqueue_OfWhatWaits_IsNotSentAgain()
    {
        var world = new World();
        world.Append(300);
        SentPacket first = world.Send(100);
        SentPacket second = world.Send(100);
        world.Lose(first);
        world.Lose(second);
        world.Acknowledge(first);

        SentPacket again = world.Send(1000);

        Assert.That((again.Position, again.Length), Is.EqualTo((second.Position, 100)), "Only what is missing is sent again.");
    }

    [Test]
    public void Unqueue_InTheMiddleOfWhatWaits_ThenBeforeIt_LeavesTheRest()
    {
        var world = new World();
        world.Append(512);
        world.Append(512);
        world.Append(512);
        SentPacket first = world.Send(512);
        SentPacket middle = world.Send(512);
        SentPacket last = world.Send(512);
        world.Lose(first);
        world.Lose(middle);
        world.Lose(last);
        world.Acknowledge(middle);
        world.Acknowledge(first);

        SentPacket again = world.Send(2000);

        Assert.That((again.Position, again.Length), Is.EqualTo((last.Position, last.Length)), "What lay in chunks that are gone is not sent again.");
    }

    /// <summary>Found by the swarm (seeds 77401 and 78445): the stream ended with a record of it left.</summary>
    [Test]
    public void TryAcknowledge_TheLastByte_ForgetsARunThatStayedWholeThoughItsMiddleHadArrived()
    {
        var world = new World();
        world.Append(300);
        SentPacket[] packets = [world.Send(100), world.Send(100), world.Send(100)];
        foreach (SentPacket packet in packets)
        {
            world.Lose(packet);
        }

        // The run reaches beyond the second on both sides, beyond the first on one, and then the third is all that is left of it and more.
        world.Acknowledge(packets[1]);
        SentPacket again = world.Send(50);
        world.Acknowledge(packets[0]);
        world.Acknowledge(packets[2]);

        Assert.That(world.Buffered, Is.Zero);
        Assert.That(world.IsWaiting, Is.False);
        world.Acknowledge(again);
        Assert.That(world.State.Segments.Count, Is.Zero, "A record that nobody gives back is lost to the endpoint.");
    }

    [Test]
    public void Requeue_OfWhatWasAcknowledgedMeanwhile_AsksForNothing()
    {
        var world = new World();
        world.Append(100);
        SentPacket first = world.Send(100);
        world.Lose(first);
        SentPacket again = world.Send(100);
        world.Acknowledge(first);

        world.Lose(again);

        Assert.That(world.IsWaiting, Is.False, "Every byte was acknowledged through the first packet.");
    }

    [Test]
    public void TryAcknowledge_WithoutARecordForTheGap_SaysSoAndChangesNothing()
    {
        var world = new World();
        world.Append(300);
        world.Send(100);
        SentPacket second = world.Send(100);
        while (world.State.AcknowledgedRuns.TryAllocate(out _))
        {
            // Takes all.
        }

        Assert.That(world.TryAcknowledge(second), Is.False);
        Assert.That(world.Buffered, Is.EqualTo(300));
    }

    /// <summary>One stream of an endpoint, and what a model knows of it.</summary>
    private sealed class World
    {
        private readonly OrderedSendBuffer _buffer;
        private readonly Connection _connection;
        private readonly Transmission _link = new();
        private readonly List<SentPacket> _packets = [];
        private readonly HashSet<ulong> _acknowledged = [];
        private readonly int _index;
        private ulong _number;

        public World()
        {
            byte[] key = new byte[EndpointConfig.KeySize];
            var endpoint = new Endpoint(
                new EndpointConfig { Node = new NodeId(0, 1), Key = key, MaxConnections = 1, MaxStreams = 1, MaxMessages = 16, MaxChunks = 1024, MaxPacketsInFlight = 128 },
                new FrameArena(FrameSize, 1024));
            State = endpoint.State;
            _buffer = new OrderedSendBuffer(State);
            _connection = State.Connections[0];
            _connection.Memory.Reset(framesMax: int.MaxValue);
            Assert.That(State.Streams.TryAllocate(out _index), Is.True);
            Half = new SendHalf
            {
                Content = ChunkList.Empty,
                Lost = SlabList<Segment, Segment.InStream>.Empty,
                AcknowledgedAhead = RangeSet.Empty,
                Cursor = Slab<Chunk>.None,
            };
        }

        public EndpointState State { get; }

        public bool IsWaiting => !Half.Lost.IsEmpty;

        public int Buffered => Half.Buffered;

        public int Sent => (int)Half.Window.Used;

        private ref SendHalf Half => ref State.Streams[_index].Send;

        public void Do(int kind, int value)
        {
            switch (kind)
            {
                case 0 or 1:
                    Append(value);
                    break;
                case 2 or 3 or 4:
                    Send(1 + value);
                    break;
                case 5 or 6 when _packets.Count > 0:
                    Acknowledge(Pick(value));
                    break;
                case 7 or 8 when _packets.Count > 0:
                    Lose(Pick(value));
                    break;
                case 9 when _packets.Count > 0:
                    Requeue(value % _packets.Count, losses: 0);
                    break;
                default:
                    break;
            }
        }

        public void Append(int length)
        {
            byte[] data = new byte[length];
            for (int i = 0; i < length; i++)
            {
                data[i] = ByteAt(Half.End + (uint)i);
            }

            int taken = State.Store.Append(ref Half.Content, data, Half.End, owner: 0, ref _connection.Memory.Sending, framesMax: int.MaxValue);
            Assert.That(taken, Is.EqualTo(length));
            if (taken == 0)
            {
                return;
            }

            if (Half.Cursor < 0)
            {
                Half.Cursor = Half.Content.Head;
            }

            Half.End += (uint)taken;
            Half.Buffered += taken;
            _connection.SendBuffered += taken;
        }

        public int TakeAlike(int length, int most) => _buffer.TakeAlike(ref Half, length, most, out _);

        public SentPacket Send(int room)
        {
            bool isAgain = _buffer.HasLost(ref Half);
            bool hasUnsent = Half.Window.Used < Half.End;
            if (!_buffer.MaySend || (!isAgain && !hasUnsent))
            {
                return default;
            }

            SentPacket packet = isAgain ? SendAgain(room) : SendNew(room);
            packet.Stream = _index;
            State.SegmentsReserved++;
            CheckContent(packet);
            _packets.Add(packet);
            return packet;
        }

        public void Acknowledge(SentPacket packet)
        {
            int at = _packets.FindIndex(p => p.Number == packet.Number);
            packet = _packets[at];
            _packets.RemoveAt(at);
            if ((packet.Flags & SentPacketFlags.Requeued) == 0)
            {
                State.SegmentsReserved--;
            }

            ulong to = packet.Position + (uint)packet.Length;
            if ((packet.Flags & (SentPacketFlags.SentAgain | SentPacketFlags.Requeued)) != 0)
            {
                _buffer.Unqueue(ref Half, packet.Position, to);
            }

            Assert.That(_buffer.TryAcknowledge(_connection, ref Half, packet.Position, to), Is.True);
            for (ulong i = packet.Position; i < to; i++)
            {
                _acknowledged.Add(i);
            }
        }

        public bool TryAcknowledge(SentPacket packet) =>
            _buffer.TryAcknowledge(_connection, ref Half, packet.Position, packet.Position + (uint)packet.Length);

        /// <summary>A packet is declared lost; it may still be acknowledged later.</summary>
        public void Lose(SentPacket packet) => Requeue(_packets.FindIndex(p => p.Number == packet.Number), losses: (byte)(packet.Losses + 1));

        public void Check()
        {
            int expected = 0;
            for (ulong i = 0; i < Half.End; i++)
            {
                expected += _acknowledged.Contains(i) ? 0 : 1;
            }

            Assert.That(Half.Buffered, Is.EqualTo(expected), "Bytes that are not acknowledged.");
            Assert.That(_connection.SendBuffered, Is.EqualTo(expected));
            Assert.That(IsWaiting && expected == 0, Is.False, "Where everything was acknowledged, nothing waits to be sent again.");
        }

        /// <summary>A network that loses nothing any more: everything arrives, and the buffer holds nothing.</summary>
        public void Finish()
        {
            for (int round = 0; Half.Buffered > 0; round++)
            {
                Assert.That(round, Is.LessThan(10_000), "Bytes are left that nobody sends.");
                if (_packets.Count > 0)
                {
                    Acknowledge(_packets[0]);
                }
                else
                {
                    Send(150);
                }
            }

            while (_packets.Count > 0)
            {
                Acknowledge(_packets[0]);
            }

            Assert.That(
                (State.SegmentsReserved, State.Segments.Count, State.AcknowledgedRuns.Count, State.Store.Chunks.Count, Half.Lost.IsEmpty, Half.Cursor),
                Is.EqualTo((0, 0, 0, 0, true, Slab<Chunk>.None)));
            _connection.Memory.Sending.Drop(State.Frames);
            Assert.That(State.Frames.Arena.FreeCount, Is.EqualTo(State.Frames.Arena.FrameCount), "Frames are held.");
        }

        private static byte ByteAt(ulong position) => unchecked((byte)((position * 31) + (position >> 8)));

        private SentPacket Pick(int value) => _packets[value % _packets.Count];



        private SentPacket SendNew(int room)
        {
            ulong position = Half.Window.Used;
            int length = (int)Math.Min((ulong)room, Half.End - position);
            int taken = _buffer.Take(ref Half, length, _link, out int chunk);
            return new SentPacket { Number = _number++, Packets = 1, Position = position, Length = taken, Chunk = chunk };
        }

        private SentPacket SendAgain(int room)
        {
            int lostIndex = Half.Lost.Head;
            ref Segment lost = ref State.Segments[lostIndex];
            ulong position = lost.Position;
            int chunk = lost.Chunk;
            int behind = chunk;
            byte losses = lost.Losses;
            int taken = _buffer.TakeAgain(ref behind, position, Math.Min(lost.Length, room), _link);
            _buffer.OnSentAgain(ref Half, lostIndex, taken, behind);
            return new SentPacket
            {
                Number = _number++,
                Position = position,
                Length = taken,
                Chunk = chunk,
                Losses = losses,
                Flags = SentPacketFlags.SentAgain,
            };
        }

        private void Requeue(int at, byte losses)
        {
            SentPacket packet = _packets[at];
            if ((packet.Flags & SentPacketFlags.Requeued) != 0)
            {
                return;
            }

            packet.Flags |= SentPacketFlags.Requeued;
            State.SegmentsReserved--;
            _packets[at] = packet;
            _buffer.Requeue(_index, ref Half, packet, losses);
        }

        private void CheckContent(in SentPacket packet)
        {
            Assert.That(packet.Length, Is.GreaterThan(0));
            ulong position = packet.Position;
            foreach (PayloadSlice slice in _link.Slices)
            {
                foreach (byte value in State.Frames.Bytes(slice))
                {
                    Assert.That(value, Is.EqualTo(ByteAt(position)), $"Byte {position}.");
                    position++;
                }

                State.Frames.Release(slice.Frame);
            }

            Assert.That(position, Is.EqualTo(packet.Position + (uint)packet.Length));
        }
    }
}
