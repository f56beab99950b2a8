using NexStream.Core.Primitives;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Hosts;

namespace NexStream.Swarm.Running;

/// <summary>What befalls hosts: clocks that stand still or jump, moves, crashes, and somebody who sends what he should not.</summary>
internal sealed class Director(World world, Draw draw)
{
    private const int CrashesMax = 4;

    private readonly Hostile _hostile = new(world, draw.Fork());
    private int _crashes;

    /// <summary>Something may happen to a host before its turn.</summary>
    public void Step(Host host)
    {
        WorldPlan plan = world.Plan;
        if (plan.Has(Feature.ClockStalls) && draw.OneIn(60))
        {
            long stallNs = draw.Magnitude(Instant.Millisecond, WorldPlan.BigJumpNs);
            host.Clock.Stall(world.Now, stallNs, catchesUp: draw.OneIn(2));
            world.Trace.Note($"the clock of host {host.Index} stands still for {stallNs} ns");
        }

        if (plan.Has(Feature.ClockJumps) && draw.OneIn(150))
        {
            long jumpNs = draw.Magnitude(Instant.Millisecond, plan.JumpMaxNs);
            jumpNs = draw.OneIn(3) ? -Math.Min(jumpNs, Instant.Second / 4) : jumpNs;
            host.Clock.Jump(jumpNs);
            world.Trace.Note($"the clock of host {host.Index} jumps by {jumpNs} ns");
        }

        if (plan.Has(Feature.Moves) && draw.OneIn(150))
        {
            Move(host);
        }

        if (plan.Has(Feature.Hostile) && draw.OneIn(20))
        {
            _hostile.Attack(host);
        }

        if (plan.Has(Feature.Crashes) && draw.OneIn(300) && _crashes++ < CrashesMax)
        {
            world.Trace.Note($"host {host.Index} crashes");
            world.Crash(host);
        }
    }

    private void Move(Host host)
    {
        NodeId former = host.Endpoint.Node;
        var node = new NodeId(draw.Next(), draw.Next());
        world.Fabric.Announce(node, host.Index);
        if (draw.OneIn(2))
        {
            world.Fabric.Withdraw(former);
        }

        world.Trace.Note($"host {host.Index} moves");
        host.Endpoint.ChangeNode(node, host.Now);
    }
}
