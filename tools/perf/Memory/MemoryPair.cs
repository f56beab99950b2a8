using System.Diagnostics;
using System.Runtime.CompilerServices;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;

namespace NexStream.Perf.Memory;

/// <summary>
/// Two endpoints on one thread, without driver or link: each frame goes from one to the other by reference, as over shared memory, or copied once, as
/// through a network card. Time is virtual. A turn is a window: of each of its bursts the application sends the frames, the sender's packets go to the receiver, and
/// the application reads; then the acknowledgements go back, as over a link whose round trip is a window long.
/// </summary>
internal sealed class MemoryPair
{
    /// <summary>Between two turns: long enough that nothing waits for the pacer, short enough that no acknowledgement is late.</summary>
    private const long TurnNs = 100 * Instant.Microsecond;

    /// <summary>What is due later than this is no retransmission but the end of an idle connection.</summary>
    private const long WaitMaxNs = 10 * Instant.Second;

    /// <summary>Turns until all is open, at most: a handshake takes two, and a flight of openings one.</summary>
    private const int SetupTurnsMax = 1_000_000;

    /// <summary>Streams that are opened before the peer's turn: their STREAM_OPEN and its answer fit a few packets.</summary>
    private const int OpenAtOnce = 16;

    /// <summary>Packets that a turn can make beside its data: acknowledgements and window updates.</summary>
    private const int ControlPackets = 16;

    /// <summary>Packets that are asked for at once, and handed over before the next: a window of the usual length, for which fewer at once were slower.</summary>
    private const int BurstAtOnce = 64;

    private readonly PerfOptions _options;
    private readonly bool _loses;
    private readonly ReceiveRing? _ring;
    private readonly MemoryEnd _sender;
    private readonly MemoryEnd _receiver;
    private readonly Transmission[] _burst;
    private readonly Transmission _one = new();
    private readonly PayloadSlice[] _slices = new PayloadSlice[Transmission.SliceCountMax];
    private readonly Producer _producer;
    private readonly Consumer _consumer;
    private LossDraw _loss;
    private Instant _now = new(Instant.Second);
    private int _burstCount;
    private bool _isIdle;

    public MemoryPair(PerfOptions options, Func<TraceRecorder>? record = null)
    {
        _options = options;
        _loses = options.Loss > 0;
        _loss = new LossDraw(options.Seed, options.Loss);
        EndpointConfig config = Configure(options);
        int frames = (4 * options.Window) + 256;
        _sender = new MemoryEnd(config with { Node = new NodeId(0, 1) }, new FrameArena(options.ArenaFrameBytes, frames), record?.Invoke());
        _receiver = new MemoryEnd(config with { Node = new NodeId(0, 2) }, new FrameArena(options.ArenaFrameBytes, frames), record?.Invoke());
        _ring = options.WireCopy ? new ReceiveRing(_receiver.Endpoint, options.ArenaFrameBytes, frames) : null;
        _sender.ShowTo(_receiver.Endpoint);
        _receiver.ShowTo(_sender.Endpoint);
        _burst = [.. Enumerable.Range(0, Math.Max(options.WindowPackets + ControlPackets, BurstAtOnce)).Select(_ => new Transmission())];
        _consumer = new Consumer(options, _receiver.Endpoint, config.MaxStreams);
        for (int i = 0; i < options.IdleConnections; i++)
        {
            Connect();
        }

        var streams = new List<StreamHandle>();
        for (int i = 0; i < options.Connections; i++)
        {
            streams.AddRange(Open(Connect(), options.Streams + options.IdleStreams)[..options.Streams]);
        }

        _producer = new Producer(options, _sender.Endpoint, [.. streams]);
    }

    /// <summary>Application bytes in a data frame.</summary>
    public int FrameBytes => _options.FrameBytes;

    /// <summary>Packets that wait.</summary>
    public int BurstCount => _burstCount;

    /// <summary>Data packets handed over.</summary>
    public long DataFrames { get; private set; }

    /// <summary>Acknowledgements that the receiver sent.</summary>
    public long Acknowledgements => (long)_receiver.Connection.Statistics.AcknowledgementsSent;

    /// <summary>Bytes that the application read.</summary>
    public long BytesRead => _consumer.Bytes;

    /// <summary>How often the application looked for what it can read.</summary>
    public long Looks { get; private set; }

    /// <summary>What both ends hold in frames and in records that belong to streams and packets.</summary>
    public long OccupiedBytes => _sender.OccupiedBytes + _receiver.OccupiedBytes + (_ring?.OccupiedBytes ?? 0);

    /// <summary>One whole turn, packet by packet.</summary>
    public void Turn()
    {
        BeginTurn();
        for (int left = _options.Window; left > 0; left -= _options.FramesPerBurst)
        {
            Produce(Math.Min(left, _options.FramesPerBurst));
            int count;
            do
            {
                count = _sender.Endpoint.Transmit(_now, _burst.AsSpan(0, BurstAtOnce));
                foreach (Transmission packet in _burst.AsSpan(0, count))
                {
                    HandOver(packet);
                }

                _sender.Release();
            }
            while (count == BurstAtOnce);

            Consume();
        }

        Acknowledge();
        Timers();
    }

    /// <summary>Turns for so long, or a little longer. Returns nanoseconds for a data frame.</summary>
    public double TurnFor(double milliseconds)
    {
        const int TurnsBetweenLooks = 16;
        long bytes = BytesRead;
        long begin = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            for (int i = 0; i < TurnsBetweenLooks; i++)
            {
                Turn();
            }

            elapsed = Stopwatch.GetElapsedTime(begin);
        }
        while (elapsed.TotalMilliseconds < milliseconds);
        return elapsed.TotalNanoseconds * FrameBytes / (BytesRead - bytes);
    }

    /// <summary>Time passes: a little, or up to the next deadline where nothing happened in the turn before.</summary>
    public void BeginTurn()
    {
        Instant next = _now + TurnNs;
        Instant due = Instant.Min(_sender.NextDeadline, _receiver.NextDeadline);
        bool isWaiting = _isIdle && due - _now < WaitMaxNs;
        _now = isWaiting ? Instant.Max(next, due) : next;
        _isIdle = true;
    }

    /// <summary>The application sends a window.</summary>
    public void Produce() => Produce(_options.Window);

    /// <summary>The application sends up to so many frames.</summary>
    public void Produce(int frames) => _isIdle &= _producer.Send(frames) == 0;

    /// <summary>The sender writes its packets, which wait.</summary>
    public void Transmit()
    {
        _burstCount = 0;
        for (int count = BurstAtOnce; count == BurstAtOnce && _burstCount < _burst.Length; _burstCount += count)
        {
            count = _sender.Endpoint.Transmit(_now, _burst.AsSpan(_burstCount, Math.Min(BurstAtOnce, _burst.Length - _burstCount)));
        }
    }

    /// <summary>The waiting packets go to the receiver. Returns how many.</summary>
    public int Deliver()
    {
        for (int i = 0; i < _burstCount; i++)
        {
            HandOver(_burst[i]);
        }

        _sender.Release();
        return _burstCount;
    }

    /// <summary>One of the waiting packets goes to the receiver.</summary>
    public void DeliverOne(int index)
    {
        HandOver(_burst[index]);
        _sender.Release();
    }

    /// <summary>The application is told what arrived, and reads it.</summary>
    public void Consume()
    {
        Looks++;
        while (_receiver.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            if (item.Kind == EventKind.StreamReadable)
            {
                _consumer.Read(item.Stream);
            }
        }
    }

    /// <summary>What the receiver has to say goes back.</summary>
    public void Acknowledge()
    {
        while (_receiver.Endpoint.TryTransmit(_now, _one))
        {
            Pass(_receiver, _sender, _one);
        }

        while (_sender.Endpoint.TryGetEvent(out _))
        {
            // Nothing waits for these here.
        }
    }

    public void Timers()
    {
        _sender.Timers(_now);
        _receiver.Timers(_now);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void HandOver(Transmission packet)
    {
        _isIdle = false;
        if (packet.SliceCount > 0)
        {
            DataFrames++;
            if (_loses && _loss.Next())
            {
                _sender.Release(packet);
                return;
            }
        }

        if (_ring is { } ring)
        {
            CopyOver(packet, ring);
        }
        else
        {
            Pass(_sender, _receiver, packet);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Pass(MemoryEnd from, MemoryEnd to, Transmission packet)
    {
        ReadOnlySpan<PayloadSlice> sent = packet.Slices;
        PayloadSlice[] received = _slices;
        for (int i = 0; i < sent.Length; i++)
        {
            // The sender's own frames are those of region 0.
            received[i] = new PayloadSlice(from.FirstFrameAtPeer | sent[i].Frame, sent[i].Offset, sent[i].Length);
        }

        to.Endpoint.Receive(new LinkFrame(packet.Header, packet.Head, received.AsSpan(0, sent.Length)), _now);
    }

    /// <summary>A network card writes the payload into its frames and is done with the sender's.</summary>
    private void CopyOver(Transmission packet, ReceiveRing ring)
    {
        ReadOnlySpan<PayloadSlice> sent = packet.Slices;
        PayloadSlice[] received = _slices;
        FrameArena arena = _sender.Endpoint.Arena;
        for (int i = 0; i < sent.Length; i++)
        {
            ref readonly PayloadSlice slice = ref sent[i];
            received[i] = ring.Write(arena.Bytes(slice.Index, slice.Offset, slice.Length));
            _sender.Release(slice.Frame);
        }

        _receiver.Endpoint.Receive(new LinkFrame(packet.Header, packet.Head, received.AsSpan(0, sent.Length)), _now);
    }

    private ConnectionHandle Connect()
    {
        if (_sender.Endpoint.Connect(_receiver.Endpoint.Node, _now, out ConnectionHandle connection) != CallStatus.Ok)
        {
            throw new InvalidOperationException("The endpoint has no room for another connection.");
        }

        for (int turn = 0; !connection.IsOpen; turn++)
        {
            Exchange(turn);
        }

        return connection;
    }

    private StreamHandle[] Open(ConnectionHandle connection, int count)
    {
        var streams = new StreamHandle[count];
        int turn = 0;
        for (int i = 0; i < count; i++)
        {
            while (connection.OpenStream(_options.Stream, out streams[i]) != CallStatus.Ok)
            {
                Exchange(turn++);
            }

            if (i % OpenAtOnce == OpenAtOnce - 1)
            {
                Exchange(turn++);
            }
        }

        // Until the last opening is acknowledged, and the receiver's first acknowledgements, which come more often, are over.
        for (int i = 0; i < SetupTurnsMax && (int)_receiver.Connection.Statistics.StreamsOpened < count; i++)
        {
            Exchange(turn++);
        }

        for (int i = 0; i < OpenAtOnce; i++)
        {
            Exchange(turn++);
        }

        return streams;
    }

    private void Exchange(int turn)
    {
        if (turn >= SetupTurnsMax)
        {
            throw new InvalidOperationException($"The pair did not come to be in {turn} turns.");
        }

        BeginTurn();
        while (_sender.Endpoint.TryTransmit(_now, _one))
        {
            Pass(_sender, _receiver, _one);
        }

        while (_receiver.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            if (item.Kind == EventKind.ConnectionAccepted)
            {
                _receiver.Connection = item.Connection;
            }
        }

        Acknowledge();
        Timers();
    }

    private static EndpointConfig Configure(PerfOptions options)
    {
        int streams = options.Streams + options.IdleStreams;
        int connections = options.Connections + options.IdleConnections;
        byte[] key = new byte[EndpointConfig.KeySize];
        Array.Fill(key, (byte)1);
        return new EndpointConfig
        {
            Node = default,
            Key = key,
            Congestion = options.Congestion,
            MaxConnections = connections + 1,
            MaxStreams = (streams * options.Connections) + 1,
            Connection = new ConnectionConfig
            {
                MaxFrameLength = options.FrameLength,
                MaxStreams = Math.Max(streams, 1),
                SendBuffer = options.Window * options.FrameBytes,
                DatagramBuffer = options.Window * options.FrameBytes,
                StreamReceiveWindow = Math.Max(2 * options.Window * options.FrameBytes, 1 << 16),
                IdleTimeout = TimeSpan.FromDays(1),
            },
        };
    }
}
