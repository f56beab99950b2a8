using NexStream.Core.Config;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Drawing;

/// <summary>One node of a world: its limits, how its host drives it, and how its application behaves.</summary>
/// <param name="Node">Who it is at first.</param>
/// <param name="Config">What its endpoint is made with.</param>
/// <param name="Choices">How connections that it opens may be configured.</param>
/// <param name="FrameSize">Bytes in a frame of its arena.</param>
/// <param name="FrameCount">Frames.</param>
/// <param name="PollNs">How often it looks after its endpoint; 0: at once when something comes or is due.</param>
/// <param name="ActNs">How far acts of its application are apart, on average.</param>
/// <param name="ReadNs">How long it waits before it reads what has come; 0: not at all.</param>
/// <param name="ReadsAtAll">Whether it reads before the world heals.</param>
/// <param name="HoldNs">How long its link holds frames that it was given to send.</param>
internal sealed record HostPlan(
    NodeId Node, EndpointConfig Config, ConnectionConfig[] Choices, int FrameSize, int FrameCount, long PollNs, long ActNs, long ReadNs, bool ReadsAtAll, long HoldNs);
