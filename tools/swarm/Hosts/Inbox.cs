using NexStream.Swarm.Network;

namespace NexStream.Swarm.Hosts;

/// <summary>Packets that will arrive at a host, in the order in which they do; of those at the same time, in the order in which they were sent.</summary>
internal sealed class Inbox
{
    private readonly PriorityQueue<Packet, (long At, long Order)> _queue = new();
    private long _order;

    /// <summary>When the next arrives.</summary>
    public long NextAt => _queue.TryPeek(out _, out (long At, long Order) next) ? next.At : long.MaxValue;

    public int Count => _queue.Count;

    public void Add(Packet packet, long at) => _queue.Enqueue(packet, (at, _order++));

    /// <summary>Takes the next that has arrived.</summary>
    public bool TryTake(long now, out Packet packet)
    {
        if (NextAt > now)
        {
            packet = null!;
            return false;
        }

        packet = _queue.Dequeue();
        return true;
    }

    /// <summary>Gives all packets back that did not arrive.</summary>
    public void Clear(PacketPool pool)
    {
        while (_queue.TryDequeue(out Packet? packet, out _))
        {
            pool.Return(packet);
        }
    }
}
