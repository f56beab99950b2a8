using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NexStream.Tool.Output;

/// <summary>One JSON value a line, on the output stream.</summary>
internal static class JsonOutput
{
    public static void Write<T>(T value, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
}
