using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;
using NexStream.Simulator.Links;
using NexStream.Simulator.Scenarios;

namespace NexStream.Simulator.Engine;

/// <summary>
/// The limits of a scenario's endpoints: what the path can hold, there and in its queue, at the fastest and longest that it becomes, and room on
/// top, so that no window and no memory limits a flow, only the network and the congestion controller.
/// </summary>
internal sealed class Sizing
{
    private const int FrameSize = 2048;
    private const long HeldMin = 1 << 20;

    // What one arena, which is one array, can hold: a queue may be said to be endless, memory is not.
    private const long HeldMax = 1 << 28;
    private const long ArenaMax = int.MaxValue - 64;

    // Room for acknowledgements that come late, and for what waits in an application.
    private const long SlackNs = 50 * Instant.Millisecond;

    // An arena lends at most half of itself to what is sent (docs/decisions.md), and a packet's payload can begin a new frame.
    private const int ArenaFactor = 3;

    // What a full packet carries at least, and the smallest write of the application.
    private const int PayloadTypical = 1024;

    // However little is under way: acknowledgements and control take frames too.
    private const int FramesMin = 4096;

    private const double RoomOnTop = 1.5;

    private readonly Scenario _scenario;
    private readonly long _held;
    private readonly int _frameSize;

    public Sizing(Scenario scenario)
    {
        _scenario = scenario;
        long rate = 0;
        long queue = 0;
        double longestNs = LongestDelayNs(scenario.Link, scenario.Mtu) + LongestDelayNs(scenario.WayBack(), scenario.Mtu);
        Add(scenario.Link, scenario.Mtu, ref rate, ref queue);
        for (int i = 1; i <= scenario.Paths.Count; i++)
        {
            // What is under way on a fast path waits for what is under way on the slowest.
            longestNs = Math.Max(longestNs, LongestDelayNs(scenario.Paths[i - 1], scenario.Mtu) + LongestDelayNs(scenario.WayBack(i), scenario.Mtu));
            Add(scenario.Paths[i - 1], scenario.Mtu, ref rate, ref queue);
        }

        // A host that is called now and then answers so much later, at both ends.
        double pollNs = scenario.Flows.Max(flow => flow.PollUs) * Instant.Microsecond;
        double roundNs = longestNs + (2 * pollNs) + SlackNs;
        _held = (long)Math.Clamp(((rate * roundNs / Instant.Second) + queue) * RoomOnTop, HeldMin, HeldMax);
        _frameSize = Math.Max(FrameSize, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(scenario.Mtu / 3)));
    }

    /// <summary>Bytes of an endpoint's arena.</summary>
    public long ArenaBytes => (long)_frameSize * ArenaFrames;

    private int ArenaFrames => (int)Math.Min(ArenaMax / _frameSize, (ArenaFactor * _held / PayloadTypical) + FramesMin);

    public FrameArena Arena() => new(_frameSize, ArenaFrames);

    public EndpointConfig Endpoint(IReadOnlyList<NodeId> nodes, FlowSpec flow, ReadOnlyMemory<byte> key)
    {
        int packets = (int)((2 * _held / PayloadTypical) + FramesMin);
        return new EndpointConfig
        {
            Node = nodes[0],
            FurtherNodes = [.. nodes.Skip(1)],
            Key = key,
            MaxConnections = 1,
            MaxStreams = Math.Max(64, flow.Streams.Count + 1),
            MaxPacketsInFlight = packets,
            MaxMessages = packets,
            MaxChunks = 2 * packets,
            Congestion = CongestionControllers.TryGet(flow.Congestion, out ICongestionControllerFactory? controller)
                ? controller
                : throw new ScenarioException($"There is no congestion controller \"{flow.Congestion}\": use cubic, bbr or none."),
            PathScheduler = PathSchedulers.TryGet(flow.Scheduler, out IPathSchedulerFactory? scheduler) ? scheduler : PathSchedulers.LowestRtt,
            Connection = Connection(flow),
        };
    }

    public ConnectionConfig Connection(FlowSpec flow)
    {
        int held = (int)_held;
        int buffer = Math.Max(256 * 1024, 2 * held / flow.Streams.Count);
        int messages = (int)Math.Clamp(held / flow.Streams.Min(s => s.Message), 256, 1 << 20);
        var config = new ConnectionConfig();
        TimeSpan poll = TimeSpan.FromMicroseconds(flow.PollUs);
        return config with
        {
            MaxFrameLength = _scenario.Mtu,
            InitialFrameLength = flow.InitialFrame,
            MaxPaths = flow.Migrate.Count > 0 ? 1 : _scenario.Paths.Count + 1,
            MaxStreams = Math.Max(64, flow.Streams.Count + 1),
            ReceiveWindow = 2 * held,
            ReceiveWindowMax = 2 * held,
            StreamReceiveWindow = 2 * held,
            StreamReceiveWindowMax = 2 * held,
            StreamMessageWindow = messages,
            StreamMessageWindowMax = messages,
            SendBuffer = buffer,
            DatagramBuffer = config.DatagramBuffer,
            ArenaShare256 = 256,
            Ecn = flow.Ecn,
            Scheduling = flow.Scheduling == "strict" ? SchedulingPolicy.Strict : SchedulingPolicy.Weighted,
            MaxAckDelay = poll > config.MaxAckDelay ? poll : config.MaxAckDelay,
        };
    }

    private static void Add(DirectionSpec link, int mtu, ref long rate, ref long queue)
    {
        rate += Settings(link, mtu).Max(settings => settings.Rate);
        queue += Settings(link, mtu).Max(settings => settings.QueueBytes);
    }

    private static long LongestDelayNs(DirectionSpec link, int mtu) =>
        Settings(link, mtu).Max(settings => settings.DelayNs + settings.JitterNs + settings.ReorderDelayNs);

    private static IEnumerable<LinkSettings> Settings(DirectionSpec link, int mtu)
    {
        var settings = LinkSettings.Create(link, mtu);
        yield return settings;
        foreach (StepSpec step in link.Steps.OrderBy(s => s.AtS))
        {
            settings = settings.With(step);
            yield return settings;
        }
    }
}
