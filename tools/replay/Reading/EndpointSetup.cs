using NexStream.Core.Config;
using NexStream.Core.Tracing;

namespace NexStream.Replay.Reading;

/// <summary>What an endpoint was made with.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="FrameSize">Bytes of a frame of its arena.</param>
/// <param name="FrameCount">Frames of its arena.</param>
/// <param name="Detail">What the trace holds of its outcomes.</param>
/// <param name="Generators">Who made up payloads.</param>
internal sealed record EndpointSetup(EndpointConfig Config, int FrameSize, int FrameCount, TraceDetail Detail, IPayloadGenerator[] Generators)
{
    public override string ToString() =>
        $"endpoint {Config.Node}, {FrameCount} frames of {FrameSize} bytes, congestion {Config.Congestion.Name}, up to {Config.MaxConnections} connections, {Config.MaxStreams} streams";
}
