using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Swarm.Drawing;

namespace NexStream.Swarm.Network;

/// <summary>
/// The way from one node to another. Several paths between the same nodes would be several of these: a world asks its <see cref="Fabric"/> which one a packet
/// takes.
/// </summary>
internal sealed class DirectedLink(LinkPlan plan, Draw draw)
{
    /// <summary>How long a packet is under way when the world has healed.</summary>
    private const long HealedDelayNs = Instant.Millisecond;

    private bool _isInBurst;
    private bool _isHealed;
    private long _freeAt;

    /// <summary>The network is well from now on.</summary>
    public void Heal() => _isHealed = true;

    /// <summary>When a packet that leaves now arrives; -1: it does not.</summary>
    public long ArrivalOf(Packet packet, long now)
    {
        int length = (int)packet.Header.PayloadLength + LinkHeader.Size;
        if (length > plan.Mtu && !(_isHealed && plan.MtuHeals))
        {
            return -1;
        }

        return _isHealed ? now + HealedDelayNs : Impaired(packet, length, now);
    }

    /// <summary>Whether a packet that arrives comes once more, and how much later.</summary>
    public bool IsDoubled(out long laterNs)
    {
        laterNs = 0;
        if (_isHealed || !draw.Chance(plan.Duplication))
        {
            return false;
        }

        laterNs = (long)(draw.Next() % (ulong)(plan.HoldNs + 1));
        return true;
    }

    /// <summary>Whether bytes of the packet change on the way.</summary>
    public bool Corrupts() => !_isHealed && draw.Chance(plan.Corruption);

    /// <summary>Whether its NexLink header does.</summary>
    public bool CorruptsHeader() => !_isHealed && draw.Chance(plan.HeaderCorruption);

    private long Impaired(Packet packet, int length, long now)
    {
        bool isDead = now >= plan.DeadFromNs && now - plan.DeadFromNs < plan.DeadForNs;
        bool isOut = isDead || (plan.OutageEveryNs > 0 && now % (plan.OutageEveryNs + plan.OutageNs) >= plan.OutageEveryNs);
        _isInBurst = _isInBurst ? !draw.Chance(plan.BurstEnd) : draw.Chance(plan.BurstBegin);
        if (isOut || _isInBurst || draw.Chance(plan.Loss))
        {
            return -1;
        }

        long leaves = now;
        if (plan.BytesPerSecond > 0)
        {
            leaves = Math.Max(now, _freeAt);
            if (leaves - now > plan.QueueNs)
            {
                return -1;
            }

            _freeAt = leaves + (length * Instant.Second / plan.BytesPerSecond);
            leaves = _freeAt;
        }

        Mark(packet);
        long arrives = leaves + plan.DelayNs + (plan.JitterNs > 0 ? (long)(draw.Next() % (ulong)plan.JitterNs) : 0);
        return draw.Chance(plan.Reordering) ? arrives + (long)(draw.Next() % (ulong)(plan.HoldNs + 1)) : arrives;
    }

    private void Mark(Packet packet)
    {
        if (plan.Bleaches)
        {
            packet.Header.Ecn = EcnCodepoint.NotEct;
        }
        else if (packet.Header.Ecn != EcnCodepoint.NotEct && draw.Chance(plan.Marks))
        {
            packet.Header.Ecn = EcnCodepoint.CongestionExperienced;
        }
    }
}
