using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Perf.Memory;

namespace NexStream.Perf;

/// <summary>What streams and connections occupy, counted: nothing is allocated later, so that what an endpoint takes when it is made is all.</summary>
/// <param name="IdleStreamBytes">A stream that is open and buffers nothing: both directions, its places in the tables, its statistics.</param>
/// <param name="IdleConnectionBytes">A connection without streams: path, controller, timers' places, lists.</param>
/// <param name="ActiveStreamBytes">A stream in a steady flow of 1200 B frames, 64 of them under way and not read yet: what both ends buffer for it, frames and records.</param>
public sealed record SizeResult(double IdleStreamBytes, double IdleConnectionBytes, double ActiveStreamBytes);

/// <summary>Counts what streams and connections occupy.</summary>
public static class SizeRun
{
    // Tables are as long as the next power of two: these are powers, so that what is counted is what a full table has.
    private const int Few = 1024;
    private const int Many = 16 * Few;
    private const int FrameSize = 2048;

    private static readonly NodeId s_node = new(0, 1);

    /// <summary>Counts.</summary>
    public static SizeResult Run() => new(
        Difference(count => new EndpointConfig { Node = s_node, Key = new byte[EndpointConfig.KeySize], MaxStreams = count }),
        Difference(count => new EndpointConfig { Node = s_node, Key = new byte[EndpointConfig.KeySize], MaxConnections = count }),
        ActiveStream());

    private static double Difference(Func<int, EndpointConfig> configure)
    {
        // Once for what is made when types are first used.
        Occupied(configure(Few));
        double each = (double)(Occupied(configure(Many)) - Occupied(configure(Few))) / (Many - Few);

        // The process keeps some dozens of bytes meanwhile, for the count itself among others, of which each has a share too small to be one of its own.
        return Math.Round(each, 1);
    }

    private static long Occupied(EndpointConfig config)
    {
        var arena = new FrameArena(FrameSize, 64);

        // What lives, to the byte: what was allocated is counted in steps of what is set aside for a thread.
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var endpoint = new Endpoint(config, arena);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(endpoint);
        return after - before;
    }

    /// <summary>A window of 64 frames has arrived and was neither read nor acknowledged: what both ends buffer for it, frames and records.</summary>
    private static double ActiveStream()
    {
        var pair = new MemoryPair(new PerfOptions { WireCopy = true });
        long before = pair.OccupiedBytes;
        pair.BeginTurn();
        pair.Produce();
        pair.Transmit();
        pair.Deliver();
        return pair.OccupiedBytes - before;
    }
}
