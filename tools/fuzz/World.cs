using System.Buffers.Binary;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tools.Fuzz;

/// <summary>Two hosts, virtual time, and a network between them that hands each packet to whoever wants to change it.</summary>
internal sealed class World
{
    private const long TickNs = 2 * Instant.Millisecond;

    /// <summary>Time-outs until two hosts without applications are quiet. Far fewer are needed; more mean that one keeps itself busy.</summary>
    private const int TimeoutsMax = 2_000;

    private static readonly byte[] s_memoryA = GC.AllocateUninitializedArray<byte>(Host.MemorySize, pinned: true);
    private static readonly byte[] s_memoryB = GC.AllocateUninitializedArray<byte>(Host.MemorySize, pinned: true);

    private Queue<LinkPacket> _sent = new();
    private Queue<LinkPacket> _arriving = new();

    public World(WorldOptions options)
    {
        A = new Host(new NodeId(0xA, 1), 0xA5, s_memoryA, options);
        B = new Host(new NodeId(0xB, 2), 0x5A, s_memoryB, options);
    }

    /// <summary>A new run: later than the one before, which has ended (see <see cref="Finish"/>).</summary>
    public void Begin()
    {
        Now += Instant.Second;
        _sent.Clear();
        _arriving.Clear();
        A.Begin();
        B.Begin();
    }

    public Host A { get; }

    public Host B { get; }

    public Instant Now { get; private set; } = new(Instant.Second);

    /// <summary>Sees every packet that the network delivers.</summary>
    public Action<LinkPacket>? OnPacket { get; set; }

    /// <summary>A tick in which the network changes nothing.</summary>
    public void Tick()
    {
        var none = new Decisions(default);
        Tick(ref none, isAdversarial: false);
    }

    /// <summary>A tick: both hosts send, everything arrives or is changed on the way, and what is due is done.</summary>
    public void Tick(ref Decisions decisions, bool isAdversarial)
    {
        Settle();
        (_sent, _arriving) = (_arriving, _sent);
        while (_arriving.TryDequeue(out LinkPacket? packet))
        {
            if (isAdversarial)
            {
                DeliverChanged(ref decisions, packet);
            }
            else
            {
                OnPacket?.Invoke(packet);
                Deliver(packet, inArena: false);
            }
        }

        Settle();
        Now += TickNs;
        A.FireTimers(Now);
        B.FireTimers(Now);
    }

    public void Settle()
    {
        A.Drain(Now, _sent);
        B.Drain(Now, _sent);
    }

    public void Deliver(LinkPacket packet, bool inArena)
    {
        Host to = B.Endpoint.State.IsOwn(packet.Header.Destination) ? B : A;
        to.Deliver(packet, inArena, Now);
    }

    /// <summary>Ends all that lives, lets every time-out pass, and looks whether anything was kept.</summary>
    public void Finish()
    {
        A.AbortAll(Now);
        B.AbortAll(Now);
        for (int i = 0; ; i++)
        {
            Settle();
            while (_sent.TryDequeue(out LinkPacket? packet))
            {
                Deliver(packet, inArena: false);
                Settle();
            }

            A.AbortAll(Now);
            B.AbortAll(Now);
            Settle();
            if (A.Endpoint.Statistics.ConnectionCount + B.Endpoint.Statistics.ConnectionCount == 0 && _sent.Count == 0)
            {
                break;
            }

            Instant next = Instant.Min(A.NextDeadline, B.NextDeadline);
            if (next == Instant.Never || i == TimeoutsMax)
            {
                throw new FuzzFailureException($"Connections are left, and {(next == Instant.Never ? "no timer will end them" : "timers without end")}.");
            }

            Now = Instant.Max(Now, next);
            A.FireTimers(Now);
            B.FireTimers(Now);
        }

        A.CheckEmpty("A");
        B.CheckEmpty("B");
    }

    private void DeliverChanged(ref Decisions decisions, LinkPacket packet)
    {
        byte decision = decisions.Byte();
        switch (decision & 7)
        {
            case 1:
                return;
            case 2:
                Deliver(packet, inArena: false);
                break;
            case 3:
                packet = Change(ref decisions, packet, 1 + (decision >> 6));
                break;
            case 4:
                _sent.Enqueue(packet);
                return;
            default:
                break;
        }

        Deliver(packet, inArena: (decision & 8) != 0);
    }

    /// <summary>A packet with changed bytes. The tag stays, mostly: without it nothing but the tag's check would be tested.</summary>
    public static LinkPacket Change(ref Decisions decisions, LinkPacket packet, int changes)
    {
        byte[] bytes = new byte[packet.Bytes.Length + 64];
        packet.Bytes.CopyTo(bytes, 0);
        int length = packet.Bytes.Length;
        int kept = length > PacketHeader.Size && decisions.Below(8) != 7 ? PacketHeader.Size : 0;
        for (int i = 0; i < changes; i++)
        {
            length = kept + Mutator.Apply(ref decisions, bytes.AsSpan(kept), length - kept);
        }

        LinkHeader header = packet.Header;
        header.PayloadLength = (uint)length;
        header.Ecn = (EcnCodepoint)decisions.Below(4);
        return new LinkPacket(header, bytes[..length]);
    }

    /// <summary>The number of the packet, in the low 32 bits that travel.</summary>
    public static uint NumberOf(LinkPacket packet) => BinaryPrimitives.ReadUInt32BigEndian(packet.Bytes.AsSpan(12));
}
