using System.Text.Json;
using Json.Schema;
using NexStream.Tests.Docs;

namespace NexStream.Tests.Tracing;

/// <summary>A qlog as a viewer reads it: the values of a JSON text sequence.</summary>
internal sealed class QlogFile
{
    private const char RecordSeparator = '\x1e';

    private static readonly JsonSchema s_schema = JsonSchema.FromText(Repository.Read("docs/schema/nexstream-qlog.schema.json"));
    private static readonly EvaluationOptions s_options = new() { OutputFormat = OutputFormat.List };

    public QlogFile(string text)
    {
        Assert.That(text[0], Is.EqualTo(RecordSeparator));
        Records = [.. text[1..].Split(RecordSeparator).Select(record => JsonDocument.Parse(record).RootElement)];
    }

    public IReadOnlyList<JsonElement> Records { get; }

    public IEnumerable<JsonElement> Events => Records.Skip(1);

    /// <summary>The data of events of a name.</summary>
    public IEnumerable<JsonElement> Of(string name) => Events.Where(record => record.GetProperty("name").GetString() == name).Select(record => record.GetProperty("data"));

    /// <summary>Why a value is not of the schema; empty: it is.</summary>
    public static string ProblemOf(JsonElement record)
    {
        EvaluationResults results = s_schema.Evaluate(record, s_options);
        return results.IsValid ? string.Empty : record + ": " + string.Join("; ", (results.Details ?? []).Where(detail => detail.Errors is not null)
            .SelectMany(detail => detail.Errors!.Values.Select(error => $"{detail.InstanceLocation}: {error}")));
    }

    public void AssertValid()
    {
        Assert.That(Records[0].TryGetProperty("file_schema", out _), Is.True);
        Assert.That(Records.Select(ProblemOf).FirstOrDefault(problem => problem.Length > 0), Is.Null);
    }
}
