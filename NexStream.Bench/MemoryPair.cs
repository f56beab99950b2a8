using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Bench;

/// <summary>Two endpoints joined by a copy in memory: what is measured is the protocol, at both ends, and one copy of each packet.</summary>
internal sealed class MemoryPair
{
    /// <summary>Time between two turns: long enough that nothing waits for the pacer.</summary>
    private const long TurnNs = 50 * Instant.Microsecond;

    private const int ConnectTurns = 10_000;

    private readonly Endpoint _client = Create(1);
    private readonly Endpoint _server = Create(2);
    private readonly Transmission _transmission = new();
    private readonly byte[] _packet = new byte[64 * 1024];
    private readonly byte[] _received = new byte[64 * 1024];
    private readonly ConnectionHandle[] _timed = new ConnectionHandle[2];
    private readonly Instant[] _deadlines = [Instant.Never, Instant.Never];
    private Instant _now = new(Instant.Second);
    private readonly StreamHandle _sending;
    private StreamHandle _receiving;

    public MemoryPair(TransportMode mode, int size)
    {
        _client.Connect(_server.Node, _now, out ConnectionHandle connection);
        byte[] first = new byte[size];
        for (int turn = 0; turn < ConnectTurns && _receiving == default; turn++)
        {
            Turn();
            if (connection.IsOpen && _sending == default)
            {
                connection.OpenStream(new StreamConfig(mode), out _sending);
                _sending.Send(first);
            }
        }

        if (_receiving == default)
        {
            throw new InvalidOperationException("The connection did not come to be.");
        }

        _receiving.Receive(_received);
    }

    /// <summary>Sends <paramref name="data"/> and reads it at the other end. Returns the turns that it took.</summary>
    public int Transfer(ReadOnlySpan<byte> data)
    {
        int sent = 0;
        int got = 0;
        int turns = 0;
        while (got < data.Length)
        {
            if (sent < data.Length)
            {
                sent += _sending.Send(data[sent..]).Bytes;
            }

            Turn();
            turns++;
            for (ReceiveResult result = _receiving.Receive(_received); result.Status == CallStatus.Ok; result = _receiving.Receive(_received))
            {
                got += result.Bytes;
            }
        }

        return turns;
    }

    private static Endpoint Create(byte number)
    {
        byte[] key = new byte[EndpointConfig.KeySize];
        Array.Fill(key, number);
        var config = new EndpointConfig
        {
            Node = new NodeId(0, number),
            Key = key,

            // The window of a controller would be measured otherwise, not the work for a packet.
            Congestion = CongestionControllers.None,
        };
        return new Endpoint(config, new FrameArena(2048, 4096));
    }

    private void Turn()
    {
        _now += TurnNs;
        Drain(0, _client, _server);
        Drain(1, _server, _client);
        Drain(0, _client, _server);
    }

    private void Drain(int side, Endpoint from, Endpoint to)
    {
        if (_deadlines[side] <= _now)
        {
            _deadlines[side] = Instant.Never;
            from.HandleTimeout(_timed[side], _now);
        }

        while (from.TryTransmit(_now, _transmission))
        {
            _transmission.Head.CopyTo(_packet);
            int length = _transmission.HeadLength;
            foreach (ref readonly PayloadSlice slice in _transmission.Slices)
            {
                from.Arena.Bytes(slice.Index, slice.Offset, slice.Length).CopyTo(_packet.AsSpan(length));
                length += slice.Length;
                from.ReleaseFrame(slice.Frame);
            }

            to.Receive(new LinkFrame(_transmission.Header, _packet.AsSpan(0, length)), _now);
        }

        while (from.TryGetEvent(out EndpointEvent item))
        {
            if (item.Kind == EventKind.StreamOpened)
            {
                _receiving = item.Stream;
            }
        }

        while (from.TryGetDeadline(out ConnectionDeadline deadline))
        {
            _timed[side] = deadline.Connection;
            _deadlines[side] = deadline.Deadline;
        }
    }
}
