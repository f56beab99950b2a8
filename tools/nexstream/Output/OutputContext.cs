using System.Text.Json.Serialization;
using NexStream.Perf;
using NexStream.Perf.Memory;
using NexStream.Simulator.Results;
using NexStream.Swarm.Running;
using NexStream.Tool.Demo;
using NexStream.Tool.Recording;
using NexStream.Tool.Throughput;
using NexStream.Tool.Top;
using NexStream.Tool.Transfer;
using NexStream.Tools.Fuzz.Running;

namespace NexStream.Tool.Output;

/// <summary>How results are written as JSON: generated when the program is built, so that nothing is looked up when it runs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CodingResult))]
[JsonSerializable(typeof(DemoResult))]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(FileReport))]
[JsonSerializable(typeof(FuzzResult))]
[JsonSerializable(typeof(LatencyResult))]
[JsonSerializable(typeof(PerfResult))]
[JsonSerializable(typeof(RecordingResult))]
[JsonSerializable(typeof(RecordResult))]
[JsonSerializable(typeof(ReplayReport))]
[JsonSerializable(typeof(SendReport))]
[JsonSerializable(typeof(SimulationResult))]
[JsonSerializable(typeof(SizeResult))]
[JsonSerializable(typeof(SwarmResult))]
[JsonSerializable(typeof(ThroughputResult))]
[JsonSerializable(typeof(TopReport))]
internal sealed partial class OutputContext : JsonSerializerContext;
