using NexStream.Core;
using NexStream.Core.Audit;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tests.Support;

/// <summary>
/// Two endpoints that hand frames to each other by reference, as over shared memory: each reads the other's arena. Frames wait in a queue until
/// they are delivered, dropped or swapped. Everything that leaves an endpoint goes into <see cref="Log"/>.
/// </summary>
internal sealed class ReferencePair
{
    /// <summary>More than one connection sends in a row.</summary>
    private const int BurstMax = 20;

    private readonly List<Packet> _queue = [];
    private readonly Transmission[] _burst = [.. Enumerable.Range(0, BurstMax).Select(_ => new Transmission())];
    private readonly Side[] _sides = new Side[2];

    public ReferencePair(EndpointConfig client, EndpointConfig server, int frameSize, int frameCount, int? serverFrameCount = null)
    {
        _sides[0] = new Side(client, frameSize, frameCount);
        _sides[1] = new Side(server, frameSize, serverFrameCount ?? frameCount);
        Client.ShowTo(Server);
        Server.ShowTo(Client);
    }

    public Side Client => _sides[0];

    public Side Server => _sides[1];

    public Instant Now { get; private set; } = new(Instant.Second);

    public int InTransit => _queue.Count;

    /// <summary>The lengths of the payload's slices of each frame in transit.</summary>
    public IEnumerable<int[]> SlicesInTransit => _queue.Select(packet => packet.Slices.Select(slice => slice.Length).ToArray());

    /// <summary>The heads of the frames in transit.</summary>
    public IEnumerable<byte[]> HeadsInTransit => _queue.Select(packet => packet.Head);

    /// <summary>A line for every frame, event and deadline.</summary>
    public List<string> Log { get; } = [];

    /// <summary>What a node's endpoint is made with: no controller decides what leaves.</summary>
    public static EndpointConfig ConfigOf(byte node, ConnectionConfig connection)
    {
        byte[] key = new byte[EndpointConfig.KeySize];
        Array.Fill(key, node);
        return new EndpointConfig
        {
            Node = new NodeId(0, node),
            Key = key,
            Connection = connection,
            Congestion = Core.Congestion.CongestionControllers.None,
        };
    }

    public void Advance(long ns) => Now += ns;

    /// <summary>Takes out of both endpoints what there is.</summary>
    public void Drain()
    {
        for (int from = 0; from < _sides.Length; from++)
        {
            Side side = _sides[from];
            if (side.Deadline <= Now)
            {
                side.Deadline = Instant.Never;
                side.Endpoint.HandleTimeout(side.Timed, Now);
            }

            for (int count = Transmit(side); count > 0; count = Transmit(side))
            {
                foreach (Transmission packet in _burst.AsSpan(0, count))
                {
                    Enqueue(from, packet);
                }
            }

            while (side.Endpoint.TryGetEvent(out EndpointEvent item))
            {
                Log.Add($"{from} {item.Kind} {item.Stream.Index} {item.Reason}");
                side.OnEvent?.Invoke(item);
            }

            while (side.Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
            {
                Log.Add($"{from} {deadline.Deadline.Nanoseconds} {deadline.Kind}");
                side.Timed = deadline.Connection;
                side.Deadline = deadline.Deadline;
            }
        }
    }

    /// <summary>Packets that an endpoint is asked for at once; 0: a changing number.</summary>
    public int BurstLength { get; set; }

    /// <summary>In bursts of changing length; where nothing is predicted, one by one: both must come to the same.</summary>
    private int Transmit(Side side) =>
        side.Endpoint.Transmit(Now, _burst.AsSpan(0, side.Endpoint.State.UsesPrediction ? BurstLength > 0 ? BurstLength : 1 + (Log.Count % BurstMax) : 1));

    private void Enqueue(int from, Transmission packet)
    {
        byte[] header = new byte[LinkHeader.Size];
        packet.Header.Write(header);
        byte[] head = packet.Head.ToArray();
        PayloadSlice[] slices = packet.Slices.ToArray();
        Log.Add($"{from} {Now.Nanoseconds} {Convert.ToHexString(header)} {Convert.ToHexString(head)} {string.Join(' ', slices)}");
        _queue.Add(new Packet(from, packet.Header, head, slices));
    }

    /// <summary>Delivers a frame of the queue.</summary>
    public void Deliver(int at = 0)
    {
        Packet packet = _queue[at];
        _queue.RemoveAt(at);
        Side to = _sides[1 - packet.From];
        int region = _sides[packet.From].AtPeer.Number;
        PayloadSlice[] slices = [.. packet.Slices.Select(slice => new PayloadSlice(PayloadSlice.FrameOf(region, slice.Index), slice.Offset, slice.Length))];
        to.Endpoint.Receive(new LinkFrame(packet.Header, packet.Head, slices), Now);
    }

    /// <summary>Delivers the first frame of the queue, which has one slice, as a link does that received it into a frame of the other's own arena.</summary>
    public void DeliverInto(int index, int offset)
    {
        Packet packet = _queue[0];
        _queue.RemoveAt(0);
        PayloadSlice sent = packet.Slices.Single();
        Side from = _sides[packet.From];
        Endpoint to = _sides[1 - packet.From].Endpoint;
        from.Endpoint.Arena.Bytes(sent.Index, sent.Offset, sent.Length).CopyTo(to.Arena.Bytes(index, offset, sent.Length));
        from.Endpoint.ReleaseFrame(sent.Frame);
        to.Receive(new LinkFrame(packet.Header, packet.Head, [new PayloadSlice(PayloadSlice.FrameOf(0, index), offset, sent.Length)]), Now);
    }

    /// <summary>Delivers the first frame of the queue, which has one slice, as a link does that says of it what it likes. What it held of the frame is given back.</summary>
    public void DeliverAs(int offset, int length)
    {
        Packet packet = _queue[0];
        _queue.RemoveAt(0);
        Side from = _sides[packet.From];
        PayloadSlice sent = packet.Slices.Single();
        LinkHeader header = packet.Header with { PayloadLength = unchecked((uint)(packet.Head.Length + length)) };
        var made = new PayloadSlice(PayloadSlice.FrameOf(from.AtPeer.Number, sent.Index), offset, length);
        _sides[1 - packet.From].Endpoint.Receive(new LinkFrame(header, packet.Head, [made]), Now);
        from.Endpoint.ReleaseFrame(sent.Frame);
    }

    /// <summary>Delivers all that waits, one right behind the other.</summary>
    public void DeliverAll()
    {
        while (_queue.Count > 0)
        {
            Deliver();
        }
    }

    /// <summary>
    /// The queue becomes these of its frames, in this order, under the packet numbers of the first so many: as from a peer that sends what it likes. The others are lost.
    /// </summary>
    public void Rearrange(params int[] order)
    {
        const int NumberAt = PacketHeader.Size - sizeof(uint);
        Packet[] packets = [.. _queue];
        _queue.Clear();
        for (int i = 0; i < order.Length; i++)
        {
            byte[] head = [.. packets[order[i]].Head[..NumberAt], .. packets[i].Head[NumberAt..PacketHeader.Size], .. packets[order[i]].Head[PacketHeader.Size..]];
            _queue.Add(packets[order[i]] with { Head = head });
        }

        foreach (PayloadSlice slice in packets.Where((_, i) => !order.Contains(i)).SelectMany(packet => packet.Slices))
        {
            Client.Endpoint.ReleaseFrame(slice.Frame);
        }
    }

    /// <summary>Bytes of a head in the queue become these.</summary>
    public void Overwrite(int packet, int at, params byte[] bytes) => bytes.CopyTo(_queue[packet].Head, at);

    /// <summary>Whether all that an endpoint holds agrees, with what of its frames is under way or at the other end.</summary>
    public void Audit(Side side)
    {
        int[] held = new int[side.Endpoint.Arena.FrameCount];
        foreach (PayloadSlice slice in _queue.Where(packet => ReferenceEquals(_sides[packet.From], side)).SelectMany(packet => packet.Slices))
        {
            held[slice.Index]++;
        }

        for (int i = 0; i < held.Length; i++)
        {
            held[i] += side.AtPeer.Records[i].Holds;
        }

        new EndpointAudit(side.Endpoint).Check(held);
    }

    /// <summary>Loses a frame of the queue.</summary>
    public void Drop(int at = 0)
    {
        Packet packet = _queue[at];
        _queue.RemoveAt(at);
        foreach (PayloadSlice slice in packet.Slices)
        {
            _sides[packet.From].Endpoint.ReleaseFrame(slice.Frame);
        }
    }

    /// <summary>Runs until nothing is on its way and nothing is due at once.</summary>
    public void Settle()
    {
        Drain();
        while (_queue.Count > 0)
        {
            Deliver();
            Drain();
        }
    }

    private sealed record Packet(int From, LinkHeader Header, byte[] Head, PayloadSlice[] Slices);

    /// <summary>One endpoint.</summary>
    internal sealed class Side(EndpointConfig config, int frameSize, int frameCount) : IFrameReleaser
    {
        public Endpoint Endpoint { get; } = new(config, new FrameArena(frameSize, frameCount));

        public Action<EndpointEvent>? OnEvent { get; set; }

        public ConnectionHandle Timed { get; set; }

        public Instant Deadline { get; set; } = Instant.Never;

        /// <summary>This side's arena, as the other side knows it.</summary>
        public PeerRegion AtPeer { get; private set; } = null!;

        public unsafe void ShowTo(Side peer)
        {
            FrameArena arena = Endpoint.Arena;
            fixed (byte* memory = arena.Bytes(0, 0, arena.FrameSize))
            {
                AtPeer = new PeerRegion((nint)memory, arena.FrameSize, arena.FrameCount, this);
                peer.Endpoint.RegisterRegion(AtPeer);
            }
        }

        public void Release(int index, int holds) => Endpoint.ReleaseFrame((uint)index, holds);
    }
}
