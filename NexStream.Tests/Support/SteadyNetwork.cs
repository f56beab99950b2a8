using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tests.Support;

/// <summary>
/// Two endpoints over a network that allocates nothing after it was made: frames are copied as bytes into a ring of fixed slots, take
/// the same time, and are lost by chance of a seed. For tests that count what the protocol itself allocates.
/// </summary>
internal sealed class SteadyNetwork
{
    public static readonly NodeId ClientNode = new(0xC11E, 1);
    public static readonly NodeId ServerNode = new(0x5E12, 2);

    private const int SlotSize = 2048;

    private readonly Transmission _transmission = new();
    private readonly byte[] _bytes;
    private readonly Slot[] _slots;
    private readonly Instant[][] _deadlineAt;
    private readonly ConnectionHandle[][] _deadlineOf;
    private readonly double _loss;
    private readonly long _delayNs;
    private SeededRandom _random;
    private int _head;
    private int _count;

    public SteadyNetwork(EndpointConfig client, EndpointConfig server, ulong seed, double loss, long delayNs, int frameCount = 4096, int slots = 16 * 1024)
    {
        Endpoints = [new Endpoint(client, new FrameArena(SlotSize, frameCount)), new Endpoint(server, new FrameArena(SlotSize, frameCount))];
        _random = new SeededRandom(seed);
        _loss = loss;
        _delayNs = delayNs;
        _slots = new Slot[slots];
        _bytes = new byte[slots * SlotSize];
        _deadlineAt = [Deadlines(client), Deadlines(server)];
        _deadlineOf = [new ConnectionHandle[client.MaxConnections], new ConnectionHandle[server.MaxConnections]];
    }

    /// <summary>The client, then the server.</summary>
    public Endpoint[] Endpoints { get; }

    public Instant Now { get; private set; } = new(Instant.Second);

    public long FramesSent { get; private set; }

    /// <summary>Called for every event with the side that it came from.</summary>
    public Action<int, EndpointEvent>? OnEvent { get; set; }

    /// <summary>Sends what both sides have, and goes to the next instant at which something arrives or is due. False: there is none.</summary>
    public bool TryStep()
    {
        while (Drain(0) | Drain(1))
        {
        }

        Instant next = _count > 0 ? _slots[_head].At : Instant.Never;
        for (int side = 0; side < 2; side++)
        {
            foreach (Instant at in _deadlineAt[side])
            {
                next = Instant.Min(next, at);
            }
        }

        if (next == Instant.Never)
        {
            return false;
        }

        Now = Instant.Max(Now, next);
        while (_count > 0 && _slots[_head].At <= Now)
        {
            ref Slot slot = ref _slots[_head];
            Endpoints[slot.To].Receive(new LinkFrame(slot.Header, _bytes.AsSpan(_head * SlotSize, slot.Length)), Now);
            _head = _head + 1 == _slots.Length ? 0 : _head + 1;
            _count--;
        }

        for (int side = 0; side < 2; side++)
        {
            FireTimers(side);
        }

        return true;
    }

    private static Instant[] Deadlines(EndpointConfig config)
    {
        var deadlines = new Instant[config.MaxConnections];
        Array.Fill(deadlines, Instant.Never);
        return deadlines;
    }

    private void FireTimers(int side)
    {
        Instant[] deadlines = _deadlineAt[side];
        for (int i = 0; i < deadlines.Length; i++)
        {
            if (deadlines[i] <= Now)
            {
                deadlines[i] = Instant.Never;
                Endpoints[side].HandleTimeout(_deadlineOf[side][i], Now);
            }
        }
    }

    private bool Drain(int side)
    {
        Endpoint endpoint = Endpoints[side];
        bool any = false;
        while (endpoint.TryTransmit(Now, _transmission))
        {
            any = true;
            Send(side);
        }

        while (endpoint.TryGetEvent(out EndpointEvent item))
        {
            any = true;
            OnEvent?.Invoke(side, item);
        }

        while (endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            _deadlineAt[side][deadline.Connection.Index] = deadline.Deadline;
            _deadlineOf[side][deadline.Connection.Index] = deadline.Connection;
        }

        return any;
    }

    private void Send(int side)
    {
        FramesSent++;
        bool isLost = _random.Chance(_loss) || _count == _slots.Length;
        int slot = (_head + _count) % _slots.Length;
        Span<byte> bytes = isLost ? default : _bytes.AsSpan(slot * SlotSize, SlotSize);
        if (!isLost)
        {
            _transmission.Head.CopyTo(bytes);
            _slots[slot] = new Slot { At = Now + _delayNs, Header = _transmission.Header, Length = _transmission.PacketLength, To = 1 - side };
            _count++;
        }

        int at = _transmission.HeadLength;
        foreach (ref readonly PayloadSlice slice in _transmission.Slices)
        {
            if (!isLost)
            {
                Endpoints[side].State.Frames.Bytes(slice).CopyTo(bytes[at..]);
                at += slice.Length;
            }

            Endpoints[side].ReleaseFrame(slice.Frame);
        }
    }

    private struct Slot
    {
        public Instant At;
        public LinkHeader Header;
        public int Length;
        public int To;
    }
}
