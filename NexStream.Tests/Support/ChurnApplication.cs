using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Support;

/// <summary>
/// An application that never stops: it opens connections, opens streams of all four modes on them, sends, reads, finishes, resets and
/// closes, and begins again. It allocates nothing after it was made.
/// </summary>
internal sealed class ChurnApplication
{
    private const int StreamsPerConnection = 8;
    private const int MessagesPerStream = 120;
    private const int StreamsPerLife = 48;
    private const int DatagramLength = 700;

    /// <summary>Messages that a stream hands over at a time: datagrams are dropped, not refused, so that something else has to bound them.</summary>
    private const int MessagesPerStep = 4;

    private readonly SteadyNetwork _network;
    private readonly Life[] _lives;
    private readonly byte[] _data = new byte[16 * 1024];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly ConnectionConfig? _config;
    private SeededRandom _random;

    public ChurnApplication(SteadyNetwork network, int connections, ulong seed, ConnectionConfig? config = null)
    {
        _network = network;
        _config = config;
        _random = new SeededRandom(seed);
        _random.Fill(_data);
        _lives = new Life[connections];
        for (int i = 0; i < connections; i++)
        {
            _lives[i] = new Life();
        }

        network.OnEvent = OnEvent;
    }

    public long StreamsOpened { get; private set; }

    public long ConnectionsEnded { get; private set; }

    public long ConnectionsFailed { get; private set; }

    public long MessagesRead { get; private set; }

    public long BytesRead { get; private set; }

    /// <summary>Lets the application act once.</summary>
    public void Step()
    {
        foreach (Life life in _lives)
        {
            if (!life.IsConnected)
            {
                Connect(life);
            }
            else if (life.IsEstablished && !life.IsEnding)
            {
                Work(life);
            }
        }
    }

    private void Connect(Life life)
    {
        if (_network.Endpoints[0].Connect(SteadyNetwork.ServerNode, _network.Now, out ConnectionHandle connection, _config) == CallStatus.Ok)
        {
            life.Connection = connection;
            life.IsConnected = true;
            life.IsEstablished = false;
            life.IsEnding = false;
            life.IsAborted = _random.Chance(0.25);
            life.Opened = 0;
            Array.Clear(life.Streams);
        }
    }

    private void Work(Life life)
    {
        bool isBusy = false;
        for (int i = 0; i < StreamsPerConnection; i++)
        {
            ref Outgoing stream = ref life.Streams[i];
            if (!stream.IsOpen)
            {
                Open(life, ref stream);
            }

            isBusy |= stream.IsOpen;
            if (stream.IsOpen && !stream.IsFinished)
            {
                Fill(ref stream);
            }
        }

        if (life.Opened >= StreamsPerLife && !isBusy)
        {
            life.IsEnding = true;
            life.Connection.Close(_network.Now);
        }
        else if (life.IsAborted && life.Opened >= StreamsPerLife && _random.Chance(0.01))
        {
            life.IsEnding = true;
            life.Connection.Abort(_network.Now);
        }
    }

    private void Open(Life life, ref Outgoing stream)
    {
        if (life.Opened >= StreamsPerLife)
        {
            return;
        }

        var mode = (TransportMode)(1 + (life.Opened % 4));
        ProbabilisticConfig? delivery = mode == TransportMode.Probabilistic ? new ProbabilisticConfig(0.9, FecRatio: _random.NextDouble(), GroupSize: 1 + _random.Below(64)) : null;
        var config = new StreamConfig(mode, (byte)_random.Below(16), SequenceNumbers: mode == TransportMode.BestEffort, Delivery: delivery);
        if (life.Connection.OpenStream(config, out StreamHandle handle) == CallStatus.Ok)
        {
            stream = new Outgoing { Handle = handle, Mode = mode, IsOpen = true };
            life.Opened++;
            StreamsOpened++;
        }
    }

    private void Fill(ref Outgoing stream)
    {
        for (int i = 0; i < MessagesPerStep && stream.Sent < MessagesPerStream; i++)
        {
            bool isDatagram = stream.Mode is TransportMode.BestEffort or TransportMode.Probabilistic;
            int length = 1 + _random.Below(isDatagram ? DatagramLength : stream.Sent % 16 == 0 ? _data.Length : 1000);
            var options = new SendOptions(
                Deadline: _random.Chance(0.05) ? _network.Now + (20 * Instant.Millisecond) : default,
                Report: _random.Chance(0.1),
                MaxAttempts: (byte)(_random.Chance(0.1) ? 1 : 0));
            if (stream.Mode == TransportMode.ReliableOrdered)
            {
                options = options with { Deadline = default };
            }

            SendResult result = stream.Handle.Send(_data.AsSpan(0, length), options);
            if (result.Status != CallStatus.Ok)
            {
                stream.IsFinished |= result.Status == CallStatus.Closed;
                return;
            }

            stream.Sent++;
        }

        if (stream.Sent >= MessagesPerStream)
        {
            stream.IsFinished = true;
            if (_random.Chance(0.1))
            {
                stream.Handle.Reset(ReasonCode.ApplicationBase);
            }
            else
            {
                stream.Handle.Finish();
            }
        }
    }

    private void OnEvent(int side, EndpointEvent item)
    {
        if (side == 1)
        {
            OnServerEvent(item);
            return;
        }

        foreach (Life life in _lives)
        {
            if (!life.IsConnected || life.Connection != item.Connection)
            {
                continue;
            }

            switch (item.Kind)
            {
                case EventKind.ConnectionEstablished:
                    life.IsEstablished = true;
                    break;
                case EventKind.ConnectionClosed:
                    life.IsConnected = false;
                    ConnectionsEnded++;
                    ConnectionsFailed += item.Reason is ReasonCode.None or ReasonCode.Aborted ? 0 : 1;
                    break;
                case EventKind.StreamReadable:
                    Read(item.Stream);
                    break;
                case EventKind.StreamClosed:
                    OnStreamClosed(life, item.Stream);
                    break;
                default:
                    break;
            }
        }
    }

    private static void OnStreamClosed(Life life, in StreamHandle handle)
    {
        for (int i = 0; i < StreamsPerConnection; i++)
        {
            if (life.Streams[i].IsOpen && life.Streams[i].Handle == handle)
            {
                life.Streams[i].IsOpen = false;
            }
        }
    }

    private void OnServerEvent(in EndpointEvent item)
    {
        if (item.Kind == EventKind.StreamReadable)
        {
            Read(item.Stream);
        }
        else if (item.Kind is EventKind.StreamReset or EventKind.StreamStopped)
        {
            item.Stream.Close();
        }
    }

    private void Read(in StreamHandle stream)
    {
        ReceiveResult result;
        while ((result = stream.Receive(_buffer)).Status == CallStatus.Ok && result.Bytes > 0)
        {
            MessagesRead++;
            BytesRead += result.Bytes;
        }

        if (result.Status == CallStatus.EndOfStream)
        {
            stream.Finish();
        }
    }

    /// <summary>One connection and its streams.</summary>
    private sealed class Life
    {
        public readonly Outgoing[] Streams = new Outgoing[StreamsPerConnection];
        public ConnectionHandle Connection;
        public bool IsConnected;
        public bool IsEstablished;
        public bool IsEnding;
        public bool IsAborted;
        public int Opened;
    }

    private struct Outgoing
    {
        public StreamHandle Handle;
        public TransportMode Mode;
        public bool IsOpen;
        public bool IsFinished;
        public int Sent;
    }
}
