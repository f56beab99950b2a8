using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Tests.Support;

namespace NexStream.Tests.Recovery;

/// <summary>A client that sends on one stream to a server that reads it, warmed up, with packets that carry a frame or a part of one.</summary>
internal sealed class GroupWorld
{
    public const int FrameCount = 256;

    /// <summary>Application bytes in a full packet of the shortest frames, in which no path searches for longer ones.</summary>
    public const int Packet = ConnectionConfig.FrameLengthMin - HeadBytes;

    /// <summary>Fits beside every message's head.</summary>
    public const int Message = 1000;

    /// <summary>Packets that are sent together.</summary>
    public const int Group = 10;

    /// <summary>A burst is one record at the most.</summary>
    private const int BurstLength = 20;

    /// <summary>NexLink's header, the packet's, and DATA's of a Reliable-Ordered stream.</summary>
    public const int HeadBytes = 80;

    private readonly byte[] _data = new byte[21 * Packet];
    private readonly byte[] _destination = new byte[1 << 18];
    private readonly int _packetsPerFrame;
    private readonly TransportMode _mode;
    private readonly ConnectionHandle _connection;
    private StreamHandle _sender;
    private StreamHandle _reader;

    public GroupWorld(TransportMode mode, int packetsPerFrame, Func<EndpointConfig, EndpointConfig>? configure = null)
    {
        _mode = mode;
        _packetsPerFrame = packetsPerFrame;
        var random = new SeededRandom(1);
        random.Fill(_data);
        EndpointConfig client = Config(1);
        Pair = new ReferencePair(configure?.Invoke(client) ?? client, Config(2), packetsPerFrame * Packet, FrameCount);
        Pair.BurstLength = BurstLength;
        Pair.Server.OnEvent = item => _reader = item.Kind == EventKind.StreamOpened ? item.Stream : _reader;
        Pair.Client.Endpoint.Connect(Pair.Server.Endpoint.Node, Pair.Now, out _connection);
        Pair.Settle();
        Open();
        Finish();

        // Until marks for ECN were tried, and the first acknowledgements, which come more often, are over.
        Send(2 * Group);
        Finish();
        Written.Clear();
        Read.Clear();
    }

    public ReferencePair Pair { get; }

    public EndpointState State => Pair.Client.Endpoint.State;

    public StreamHandle Sender => _sender;

    /// <summary>Application bytes in a packet: as many as fit, of a message that is one packet fewer.</summary>
    public int PacketBytes => _mode == TransportMode.ReliableOrdered ? Packet
        : _mode == TransportMode.ReliableUnordered && _packetsPerFrame > 1 ? ConnectionConfig.FrameLengthMin - LinkHeader.Size - MessageHead.ReliableSize
        : Message;

    public int InFlight => State.Connections[0].Path.InFlight.Count;

    public List<byte> Written { get; } = [];

    public List<byte> Read { get; } = [];

    /// <summary>A stream from the client takes the place of the one before.</summary>
    public void Open()
    {
        Assert.That(_connection.OpenStream(new StreamConfig(_mode), out _sender), Is.EqualTo(CallStatus.Ok));
        Written.Clear();
        Read.Clear();
    }

    /// <summary>Queues so many packets' payload, and lets them leave.</summary>
    public void Send(int packets, int length = 0)
    {
        Queue(packets, length);
        Pair.Drain();
    }

    public void Queue(int packets, int length = 0)
    {
        length = length > 0 ? length : PacketBytes;
        for (int i = 0; i < packets; i += _packetsPerFrame)
        {
            ReadOnlySpan<byte> data = _data.AsSpan(i % 4 * 100, Math.Min(_packetsPerFrame, packets - i) * length);
            Assert.That(_sender.Send(data).Bytes, Is.EqualTo(data.Length));
            Written.AddRange(data);
        }
    }

    /// <summary>Of the packets under way these are lost; the others arrive.</summary>
    public void Lose(int[] lost)
    {
        for (int i = 0, at = 0; Pair.InTransit > at; i++)
        {
            if (lost.Contains(i))
            {
                Pair.Drop(at);
            }
            else
            {
                Pair.Deliver(at);
            }
        }
    }

    public void Audit() => Pair.Audit(Pair.Client);

    /// <summary>Longer than an acknowledgement is held back, in steps so short that it comes before the probe that would ask for it.</summary>
    public void Wait()
    {
        for (int i = 0; i < 30; i++)
        {
            Pair.Settle();
            Pair.Advance(Instant.Millisecond);
        }

        Pair.Settle();
    }

    /// <summary>Until nothing is unacknowledged and all that arrived was read.</summary>
    public void Finish()
    {
        for (int i = 0; i < 30; i++)
        {
            while (_reader.Receive(_destination) is { Status: CallStatus.Ok } result)
            {
                Read.AddRange(_destination.AsSpan(0, result.Bytes));
            }

            Wait();
        }

        Audit();
    }

    private static EndpointConfig Config(byte node) => new()
    {
        Node = new NodeId(0, node),
        Key = new byte[EndpointConfig.KeySize],
        Connection = new ConnectionConfig { MaxFrameLength = ConnectionConfig.FrameLengthMin, SendBuffer = 64 * Packet },
        MaxConnections = 1,
        Congestion = CongestionControllers.None,
    };
}
