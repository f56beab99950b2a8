using System.Diagnostics;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Swarm.Drawing;

namespace NexStream.Swarm.Running;

/// <summary>Runs worlds, one for each seed.</summary>
internal static class Worlds
{
    /// <summary>So many failures are enough to look at.</summary>
    private const int FailuresMax = 20;

    /// <summary>Runs the world of one seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="kit">What worlds on this thread use again.</param>
    /// <param name="log">Where a line for each thing that happens goes; null: nowhere.</param>
    /// <param name="record">Makes a recorder for an endpoint, by the name that its trace shall have; null: nothing is recorded.</param>
    public static SeedResult RunOne(ulong seed, WorldKit kit, Action<string>? log = null, Func<string, TraceRecorder>? record = null)
    {
        WorldPlan plan = WorldDraw.Of(seed);
        log?.Invoke(plan.Describe());
        World? world = null;

        // Whatever is thrown is what is looked for.
#pragma warning disable CA1031
        try
        {
            world = new World(plan, kit, log, record) { IsThorough = log is not null };
            world.Run();
            return ResultOf(world, null);
        }
        catch (Exception failure)
        {
            log?.Invoke(world?.DescribeHoldings() ?? string.Empty);
            string text = failure is Oracles.SwarmFailureException ? failure.Message : failure.ToString();
            return world is null ? new SeedResult(seed, 0, 0, 0, 0, text) : ResultOf(world, text);
        }
#pragma warning restore CA1031
    }

    /// <summary>Runs a range of seeds, both ends included.</summary>
    /// <param name="from">The first.</param>
    /// <param name="to">The last.</param>
    /// <param name="limit">When no further world is begun.</param>
    /// <param name="threads">How many run at a time.</param>
    /// <param name="onResult">Told of every world; called by one thread at a time, in no order.</param>
    public static SwarmResult Run(ulong from, ulong to, TimeSpan limit, int threads, Action<SeedResult>? onResult = null)
    {
        long began = Stopwatch.GetTimestamp();
        var gate = new Lock();
        var failures = new List<SwarmFailure>();
        ulong next = from;
        ulong last = from;
        ulong hash = 0;
        long worlds = 0;
        long packets = 0;
        double virtualSeconds = 0;

        void work()
        {
            var kit = new WorldKit();
            while (true)
            {
                ulong seed;
                lock (gate)
                {
                    bool isOver = failures.Count >= FailuresMax || (worlds > 0 && Stopwatch.GetElapsedTime(began) >= limit);
                    if (next > to || next < from || isOver)
                    {
                        return;
                    }

                    seed = next++;
                }

                SeedResult result = RunOne(seed, kit);
                lock (gate)
                {
                    last = Math.Max(last, seed);
                    worlds++;
                    packets += result.Packets;
                    virtualSeconds += result.VirtualNs / (double)Instant.Second;
                    hash ^= Oracles.Pattern.Mix(result.Hash ^ seed);
                    if (result.Failure is { } failure)
                    {
                        failures.Add(new SwarmFailure(seed, failure, CommandOf(seed)));
                        kit = new WorldKit();
                    }

                    onResult?.Invoke(result);
                }
            }
        }

        Task[] others = [.. Enumerable.Range(1, threads - 1).Select(_ => Task.Factory.StartNew(work, TaskCreationOptions.LongRunning))];
        work();
        Task.WaitAll(others);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        failures.Sort((a, b) => a.Seed.CompareTo(b.Seed));
        return new SwarmResult
        {
            Ok = failures.Count == 0,
            From = from,
            To = last,
            Worlds = worlds,
            Packets = packets,
            VirtualSeconds = virtualSeconds,
            Seconds = seconds,
            WorldsPerSecond = worlds / Math.Max(seconds, 1e-9),
            Hash = $"{hash:x16}",
            ChecksInvariants = Invariant.IsChecked,
            Failures = failures,
        };
    }

    /// <summary>What shows a world again.</summary>
    public static string CommandOf(ulong seed) => $"nexstream swarm --seeds {seed}..{seed} --verbose";

    private static SeedResult ResultOf(World world, string? failure) =>
        new(world.Plan.Seed, world.Trace.Hash, world.Fabric.Sent, world.Turns, world.Now, failure);
}
