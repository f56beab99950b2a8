using System.Globalization;
using static NexStream.Simulator.Scenarios.Rule;

namespace NexStream.Simulator.Scenarios;

/// <summary>What a flow and its streams may be.</summary>
internal static class FlowRules
{
    // A stream that is counted out to the last message needs a bit for each: beyond this a run would not end anyway.
    private const long BytesMax = 1L << 50;

    // What the specification allows a connection, less the one that is kept free.
    private const int StreamsMax = 65_535;

    // The headers that can stand in front of a datagram: NexLink's (48), the packet's (16), STREAM_OPEN's (14) and DATA's (24).
    private const int DatagramHeaders = 102;

    // What a receiver's record of a group has bits for.
    private const int GroupMax = 64;

    private static readonly string[] s_modes = ["ro", "ru", "be", "pr"];
    private static readonly string[] s_controllers = ["cubic", "bbr", "none"];
    private static readonly string[] s_schedulers = ["lowest_rtt", "weighted", "redundant"];
    private static readonly string[] s_policies = ["weighted", "strict"];

    /// <summary>Checks a flow with its streams.</summary>
    /// <exception cref="ScenarioException">A value is out of range.</exception>
    public static void Check(FlowSpec flow, string where, int mtu, int furtherPaths)
    {
        Require(flow is not null, where, "is no null");
        Require(IsTime(flow!.StartS), $"{where}.start_s", "is from 0 to 1000000000");
        Require(s_controllers.Contains(flow.Congestion), $"{where}.congestion", "is cubic, bbr or none");
        Require(s_policies.Contains(flow.Scheduling), $"{where}.scheduling", "is weighted or strict");
        Require(s_schedulers.Contains(flow.Scheduler), $"{where}.scheduler", "is lowest_rtt, weighted or redundant");
        for (int i = 0; i < flow.Migrate.Count; i++)
        {
            string here = string.Create(CultureInfo.InvariantCulture, $"{where}.migrate[{i}]");
            Require(flow.Migrate[i] is not null, here, "is no null");
            Require(IsTime(flow.Migrate[i].AtS), $"{here}.at_s", "is from 0 to 1000000000");
            Require(flow.Migrate[i].ToPath >= 0 && flow.Migrate[i].ToPath <= furtherPaths, $"{here}.to_path", "names the link, 0, or one of paths, from 1");
        }

        Require(flow.PollUs is 0 or (>= 1 and <= 1e6), $"{where}.poll_us", "is 0, or from 1 to 1000000");
        Require(flow.InitialFrame is null || (flow.InitialFrame >= 1200 && flow.InitialFrame <= mtu), $"{where}.initial_frame", "is from 1200 to mtu");
        Require(flow.Streams.Count is > 0 and <= StreamsMax, $"{where}.streams", "has at least one stream, and at most 65535");
        for (int i = 0; i < flow.Streams.Count; i++)
        {
            string here = string.Create(CultureInfo.InvariantCulture, $"{where}.streams[{i}]");
            Require(flow.Streams[i] is not null, here, "is no null");
            CheckStream(flow.Streams[i], here, flow.InitialFrame ?? mtu);
            CheckAfter(flow.Streams, i, $"{here}.after");
        }

        for (int i = 0; i < flow.Streams.Count; i++)
        {
            Require(!IsInCircle(flow.Streams, i), string.Create(CultureInfo.InvariantCulture, $"{where}.streams[{i}].after"), "does not make streams wait for each other");
        }
    }

    private static void CheckStream(StreamSpec stream, string here, int frame)
    {
        Require(s_modes.Contains(stream.Mode), $"{here}.mode", "is ro, ru, be or pr");
        Require(stream.Bytes is null or (>= 1 and <= BytesMax), $"{here}.bytes", "is from 1 to 2^50, or null for as long as the scenario lasts");
        Require(stream.Message is >= 16 and <= 1 << 20, $"{here}.message", "is from 16 to 1048576");
        Require(
            stream.Mode is not ("be" or "pr") || stream.Message <= frame - DatagramHeaders,
            $"{here}.message",
            string.Create(CultureInfo.InvariantCulture, $"is at most {frame - DatagramHeaders} in be and pr, where a message goes in one frame (of {frame} here, less its headers)"));
        Require(stream.Priority <= 15, $"{here}.priority", "is from 0 to 15");
        Require(stream.RateMbps is null or (> 0 and <= RateMax), $"{here}.rate_mbps", "is above 0 and at most 1000000, or null for as fast as possible");
        Require(IsShare(stream.Probability), $"{here}.probability", "is from 0 to 1");
        Require(stream.Group is >= 1 and <= GroupMax, $"{here}.group", "is from 1 to 64");
        Require(stream.Fec is null or (>= 0 and <= 1), $"{here}.fec", "is from 0 to 1, or null for as needed");
        Require(stream.DeadlineMs is null or (> 0 and <= SecondsMax), $"{here}.deadline_ms", "is above 0 and at most 1000000000");
        Require(IsTime(stream.StartS), $"{here}.start_s", "is from 0 to 1000000000");
    }

    private static void CheckAfter(IReadOnlyList<StreamSpec> streams, int index, string key)
    {
        if (streams[index].After is { } before)
        {
            Require(before >= 0 && before < streams.Count && before != index, key, "names another stream of the flow, from 0");
            Require(streams[before]?.Bytes is not null, key, "names a stream that ends: one with bytes");
        }
    }

    private static bool IsInCircle(IReadOnlyList<StreamSpec> streams, int index)
    {
        // Whoever waits for more streams than there are waits for one of them twice.
        int? at = streams[index].After;
        for (int steps = 0; steps < streams.Count && at is not null; steps++)
        {
            at = streams[at.Value].After;
        }

        return at is not null;
    }
}
