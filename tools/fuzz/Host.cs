using System.Runtime.InteropServices;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Tools.Fuzz;

/// <summary>One endpoint with limits so small that a few packets reach them, and an application that uses all that it is offered.</summary>
internal sealed class Host
{
    private const int FrameSize = 2048;

    /// <summary>Frames of the arena: few enough that some inputs use them all.</summary>
    public const int FramesMax = 96;
    private const int ConnectionsMax = 4;

    /// <summary>More frames than this from one batch of inputs mean that an endpoint keeps itself busy.</summary>
    private const int FramesPerDrainMax = 5_000;

    private readonly Instant[] _deadlines = new Instant[ConnectionsMax];
    private readonly ConnectionHandle[] _timed = new ConnectionHandle[ConnectionsMax];
    private readonly Transmission _transmission = new();
    private readonly byte[] _scratch = new byte[64 * 1024];

    private readonly int _frameCount;

    public Host(NodeId node, byte keyByte, byte[] memory, WorldOptions options)
    {
        _frameCount = options.FrameCount;
        byte[] key = new byte[EndpointConfig.KeySize];
        Array.Fill(key, keyByte);
        Array.Fill(_deadlines, Instant.Never);
        var arena = new FrameArena(Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), FrameSize, _frameCount);
        Endpoint = new Endpoint(
            options.Configure(new EndpointConfig
            {
                Node = node,
                FurtherNodes = [FurtherNode(node)],
                Key = key,
                MaxConnections = ConnectionsMax,
                MaxStreams = 16,
                MaxPacketsInFlight = 512,
                MaxMessages = 64,
                MaxChunks = 256,
                HalfOpenThreshold = 2,
                Cookies = options.Cookies ? CookieMode.Always : CookieMode.UnderLoad,
                Connection = new ConnectionConfig
                {
                    MaxStreams = 8,
                    MaxPaths = 3,
                    ReceiveWindow = 32 * 1024,
                    ReceiveWindowMax = 128 * 1024,
                    StreamReceiveWindow = 8 * 1024,
                    StreamReceiveWindowMax = 64 * 1024,
                    StreamMessageWindow = 8,
                    StreamMessageWindowMax = 32,
                    MaxMessageLength = 16 * 1024,
                    SendBuffer = 16 * 1024,
                    DatagramBuffer = 4 * 1024,

                    // The first numbers that need more than 32 bits are hours away otherwise.
                    FirstPacketNumber = options.AtBoundary ? (1UL << 32) - 8 : 0,
                    FirstSequence = options.AtBoundary ? (1UL << 32) - 2_000 : 0,
                },
            }),
            arena,
            Recording.Of(node.ToString()));
    }

    /// <summary>Who a host is as well.</summary>
    public static NodeId FurtherNode(NodeId node) => new(node.High, node.Low + 0x100);

    public static int MemorySize => FrameSize * FramesMax;

    public Endpoint Endpoint { get; }

    public List<ConnectionHandle> Connections { get; } = [];

    public List<StreamHandle> Streams { get; } = [];

    /// <summary>Whether the application reads what comes.</summary>
    public bool Reads { get; set; } = true;

    public Instant NextDeadline
    {
        get
        {
            Instant next = Instant.Never;
            foreach (Instant deadline in _deadlines)
            {
                next = Instant.Min(next, deadline);
            }

            return next;
        }
    }

    /// <summary>A new application, with nothing open.</summary>
    public void Begin()
    {
        Array.Fill(_deadlines, Instant.Never);
        Connections.Clear();
        Streams.Clear();
        Reads = true;
    }

    /// <summary>Hands a packet to the endpoint, in memory of the caller's or, as a network link does, in a frame of the arena.</summary>
    public void Deliver(LinkPacket packet, bool inArena, Instant now)
    {
        if (inArena && packet.Bytes.Length <= FrameSize && Endpoint.Arena.TryAllocate(out int index))
        {
            Span<byte> bytes = Endpoint.Arena.Bytes(index, 0, packet.Bytes.Length);
            packet.Bytes.CopyTo(bytes);
            Endpoint.Receive(new LinkFrame(packet.Header, bytes, PayloadSlice.FrameOf(0, index), 0), now);
            return;
        }

        Endpoint.Receive(new LinkFrame(packet.Header, packet.Bytes), now);
    }

    public void FireTimers(Instant now)
    {
        for (int i = 0; i < ConnectionsMax; i++)
        {
            if (_deadlines[i] <= now)
            {
                _deadlines[i] = Instant.Never;
                Endpoint.HandleTimeout(_timed[i], now);
            }
        }
    }

    public void Drain(Instant now, Queue<LinkPacket> sent)
    {
        int frames = 0;
        while (Endpoint.TryTransmit(now, _transmission))
        {
            sent.Enqueue(Take());
            if (++frames > FramesPerDrainMax)
            {
                throw new FuzzFailureException($"One batch of inputs made more than {FramesPerDrainMax} frames.");
            }
        }

        while (Endpoint.TryGetEvent(out EndpointEvent item))
        {
            Handle(item);
        }

        while (Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            _timed[deadline.Connection.Index] = deadline.Connection;
            _deadlines[deadline.Connection.Index] = deadline.Deadline;
        }
    }

    /// <summary>One act of the application, as decisions say; 0 is none.</summary>
    public void Act(ref Decisions decisions, NodeId peer, Instant now)
    {
        byte act = decisions.Byte();
        StreamHandle stream = Streams.Count > 0 ? Streams[(act >> 4) % Streams.Count] : default;
        ConnectionHandle connection = Connections.Count > 0 ? Connections[(act >> 4) % Connections.Count] : default;
        switch (act & 15)
        {
            case 1 or 2:
                var mode = (TransportMode)(1 + ((act >> 4) & 3));
                ProbabilisticConfig? delivery = act > 127 && mode == TransportMode.Probabilistic ? new ProbabilisticConfig(0.5, FecRatio: 0.5, GroupSize: 4) : null;
                bool isNumbered = act > 127 && mode == TransportMode.BestEffort;
                if (connection.OpenStream(new StreamConfig(mode, (byte)(act >> 4), isNumbered, Delivery: delivery), out StreamHandle opened) == CallStatus.Ok)
                {
                    Streams.Add(opened);
                    opened.Send(_scratch.AsSpan(0, 100));
                }

                break;
            case 3 or 4 or 5:
                stream.Send(_scratch.AsSpan(0, decisions.Below(65_536) % 3_000));
                break;
            case 6:
                var options = new SendOptions(now + (decisions.Byte() * Instant.Millisecond), Report: true, MaxAttempts: 1);
                stream.Send(_scratch.AsSpan(0, decisions.Below(65_536) % 20_000), options);
                break;
            case 7:
                stream.Finish();
                break;
            case 8:
                stream.Reset(ReasonCode.ApplicationBase);
                break;
            case 9:
                stream.Close();
                break;
            case 10 when act > 0xC0:
                connection.Close(now);
                break;
            case 11 when act > 0xE0:
                connection.Abort(now);
                break;
            case 12:
                Reads = act > 127;
                ReadAll();
                break;
            case 13 when act > 0xC0:
                Connect(peer, now);
                break;
            case 14:
                connection.OpenPath((act & 16) != 0 ? Endpoint.Node : FurtherNode(Endpoint.Node), now, out _);
                break;
            case 15:
                connection.ClosePath((byte)(1 + (act >> 5)), now);
                break;
            default:
                break;
        }
    }

    public void Connect(NodeId peer, Instant now)
    {
        if (Endpoint.Connect(peer, now, out ConnectionHandle connection) == CallStatus.Ok)
        {
            Connections.Add(connection);
        }
    }

    public void AbortAll(Instant now)
    {
        foreach (ConnectionHandle connection in Connections)
        {
            connection.Abort(now);
        }
    }

    /// <summary>With no connection left, nothing is held.</summary>
    public void CheckEmpty(string name)
    {
        EndpointState state = Endpoint.State;
        string held =
            $"connections {state.ConnectionCount}, half open {state.HalfOpenCount}, streams {state.Streams.Count}, segments {state.Segments.Count}, "
            + $"messages {state.Messages.Count}, inbound {state.Inbound.Count}, packets {state.Packets.Count}, controls {state.Controls.Count}, "
            + $"paths {state.Paths.Count - state.Paths.FreeCount}, ranges {state.Ranges.Count}, chunks {state.Store.Chunks.Count}, frames {_frameCount - Endpoint.Arena.FreeCount}";
        int sum = state.ConnectionCount + Math.Abs(state.HalfOpenCount) + state.Streams.Count + state.Segments.Count + state.Messages.Count
            + state.Inbound.Count + state.Packets.Count + state.Controls.Count + state.Ranges.Count + state.Store.Chunks.Count
            + state.Paths.Count - state.Paths.FreeCount + (_frameCount - Endpoint.Arena.FreeCount);
        if (sum != 0)
        {
            throw new FuzzFailureException($"{name} still holds something when all connections are gone: {held}.");
        }
    }

    private void Handle(in EndpointEvent item)
    {
        switch (item.Kind)
        {
            case EventKind.ConnectionAccepted:
                Connections.Add(item.Connection);
                break;
            case EventKind.ConnectionClosed:
                Connections.Remove(item.Connection);
                break;
            case EventKind.StreamOpened:
                Streams.Add(item.Stream);
                break;
            case EventKind.StreamClosed:
                Streams.Remove(item.Stream);
                break;
            default:
                break;
        }

        if (Reads && item.Kind is EventKind.StreamReadable or EventKind.StreamOpened)
        {
            Read(item.Stream);
        }
    }

    private void ReadAll()
    {
        for (int i = 0; i < Streams.Count; i++)
        {
            Read(Streams[i]);
        }
    }

    private void Read(StreamHandle stream)
    {
        while (stream.Receive(_scratch).Status == CallStatus.Ok)
        {
        }
    }

    /// <summary>What a link does: copies the frame out and gives the references back.</summary>
    private LinkPacket Take()
    {
        byte[] bytes = new byte[_transmission.PacketLength];
        _transmission.Head.CopyTo(bytes);
        int at = _transmission.HeadLength;
        foreach (PayloadSlice slice in _transmission.Slices)
        {
            Endpoint.State.Frames.Bytes(slice).CopyTo(bytes.AsSpan(at));
            at += slice.Length;
            Endpoint.ReleaseFrame(slice.Frame);
        }

        return new LinkPacket(_transmission.Header, bytes);
    }
}
