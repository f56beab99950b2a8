using System.Text.Json.Serialization;

namespace NexStream.Perf.Drivers;

/// <summary>How the receiving process tells what it measured.</summary>
[JsonSerializable(typeof(Measurement))]
internal sealed partial class MeasurementContext : JsonSerializerContext;
