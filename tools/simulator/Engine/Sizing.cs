using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
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

    // An arena lends at most half of itself to what is sent (docs/decisions.md), and a packet's payload can begin a new frame.
    private const int ArenaFactor = 3;

    // What a full packet carries at least, and the smallest write of the application.
    private const int PayloadTypical = 1024;

    private readonly Scenario _scenario;
    private readonly long _held;
    private readonly int _frameSize;

    public Sizing(Scenario scenario)
    {
        _scenario = scenario;
        long rate = 0;
        long delayNs = 0;
        long queue = 0;
        foreach (LinkSettings settings in Settings(scenario.Link, scenario.Mtu))
        {
            rate = Math.Max(rate, settings.Rate);
            delayNs = Math.Max(delayNs, settings.DelayNs + settings.JitterNs + settings.ReorderDelayNs);
            queue = Math.Max(queue, settings.QueueBytes);
        }

        // An outage is a round trip that is so much longer.
        double product = (double)rate * ((2 * delayNs) + (Instant.Second / 20)) / Instant.Second;
        _held = Math.Max(HeldMin, (long)((product + queue) * 1.5));
        _frameSize = Math.Max(FrameSize, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(scenario.Mtu / 3)));
    }

    public FrameArena Arena() => new(_frameSize, (int)Math.Min(1 << 23, (ArenaFactor * _held / PayloadTypical) + 4096));

    public EndpointConfig Endpoint(NodeId node, FlowSpec flow, ReadOnlyMemory<byte> key)
    {
        int packets = (int)Math.Min(1 << 24, (2 * _held / PayloadTypical) + 4096);
        return new EndpointConfig
        {
            Node = node,
            Key = key,
            MaxConnections = 1,
            MaxStreams = Math.Max(64, flow.Streams.Count + 1),
            MaxPacketsInFlight = packets,
            MaxMessages = packets,
            MaxChunks = 2 * packets,
            Congestion = Controllers.Find(flow.Congestion),
            Connection = Connection(flow),
        };
    }

    public ConnectionConfig Connection(FlowSpec flow)
    {
        int held = (int)Math.Min(_held, 1 << 29);
        int buffer = Math.Max(256 * 1024, 2 * held / flow.Streams.Count);
        int messages = (int)Math.Clamp(held / flow.Streams.Min(s => s.Message), 256, 1 << 20);
        var config = new ConnectionConfig();
        TimeSpan poll = TimeSpan.FromMicroseconds(flow.PollUs);
        return config with
        {
            MaxFrameLength = _scenario.Mtu,
            InitialFrameLength = flow.InitialFrame,
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

    /// <summary>Controllers by the names that scenarios use.</summary>
    private static class Controllers
    {
        public static ICongestionControllerFactory Find(string name) => name switch
        {
            "cubic" => CongestionControllers.Cubic,
            "none" => CongestionControllers.None,
            "bbr" => CongestionControllers.Bbr,
            _ => throw new ScenarioException($"There is no congestion controller \"{name}\" yet: use cubic or none."),
        };
    }
}
