using System.Text.Json;
using System.Text.Json.Serialization;

namespace NexStream.Simulator.Scenarios;

/// <summary>How scenarios are read: generated when the program is built. A key that means nothing, or that stands there twice, is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true)]
[JsonSerializable(typeof(Scenario))]
internal sealed partial class ScenarioContext : JsonSerializerContext;
