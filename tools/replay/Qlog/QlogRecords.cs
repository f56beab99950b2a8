using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using NexStream.Core.Primitives;

namespace NexStream.Replay.Qlog;

/// <summary>Writes JSON text sequences (RFC 7464): a record separator, one JSON value, a line feed.</summary>
internal sealed class QlogRecords : IDisposable
{
    /// <summary>What a file says that it is, and the schemas of its events (docs/qlog.md).</summary>
    private const string FileSchema = "urn:ietf:params:qlog:file:sequential";
    private const string Serialization = "application/qlog+json-seq";

    // Drafts must say which they follow; a schema of one's own must not be a name of the IETF's.
    private const string QuicSchema = "urn:ietf:params:qlog:events:quic-12";
    private const string OwnSchema = "urn:nexstream:qlog:events:nexstream";

    private const byte RecordSeparator = 0x1e;
    private const byte LineFeed = 0x0a;
    private const int BufferSize = 1 << 16;

    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _record = new();
    private readonly Utf8JsonWriter _json;

    public QlogRecords(Stream output)
    {
        _output = new BufferedStream(output, BufferSize);
        _json = new Utf8JsonWriter(_record, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    /// <summary>Writes the record that comes first.</summary>
    /// <param name="title">What the file is of.</param>
    /// <param name="vantagePoint">Who saw the events.</param>
    /// <param name="role">Whether that is the client or the server.</param>
    /// <param name="description">More about it; null: there is no more.</param>
    /// <param name="group">Which connection all events belong to; null: each says so itself.</param>
    public void WriteHeader(string title, string vantagePoint, string role, string? description = null, string? group = null)
    {
        Utf8JsonWriter json = Begin();
        json.WriteString("file_schema", FileSchema);
        json.WriteString("serialization_format", Serialization);
        json.WriteString("title", title);
        if (description is not null)
        {
            json.WriteString("description", description);
        }

        json.WriteStartObject("trace");
        json.WriteStartObject("common_fields");
        if (group is not null)
        {
            json.WriteString("group_id", group);
        }

        json.WriteString("time_format", "relative_to_epoch");
        json.WriteStartObject("reference_time");
        json.WriteString("clock_type", "monotonic");
        json.WriteString("epoch", "unknown");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("vantage_point");
        json.WriteString("name", vantagePoint);
        json.WriteString("type", role);
        json.WriteEndObject();
        json.WriteStartArray("event_schemas");
        json.WriteStringValue(QuicSchema);
        json.WriteStringValue(OwnSchema);
        json.WriteEndArray();
        json.WriteEndObject();
        End();
    }

    /// <summary>Begins a record: its object is open.</summary>
    public Utf8JsonWriter Begin()
    {
        _record.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        return _json;
    }

    /// <summary>Begins an event: its "data" is open.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="now">When, in nanoseconds.</param>
    /// <param name="group">Which connection it belongs to, where a file has several; null: none.</param>
    public Utf8JsonWriter BeginEvent(string name, long now, string? group = null)
    {
        Utf8JsonWriter json = Begin();
        json.WriteNumber("time", Milliseconds(now));
        json.WriteString("name", name);
        if (group is not null)
        {
            json.WriteString("group_id", group);
        }

        json.WriteStartObject("data");
        return json;
    }

    /// <summary>Events so far.</summary>
    public long EventCount { get; private set; }

    /// <summary>Ends an event.</summary>
    public void EndEvent()
    {
        EventCount++;
        _json.WriteEndObject();
        End();
    }

    /// <summary>Ends a record.</summary>
    public void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _output.WriteByte(RecordSeparator);
        _output.Write(_record.WrittenSpan);
        _output.WriteByte(LineFeed);
    }

    /// <summary>Nanoseconds as milliseconds, whole microseconds: a decimal has no rounding to explain.</summary>
    public static decimal Milliseconds(long ns) => ns / Instant.Microsecond / (decimal)(Instant.Millisecond / Instant.Microsecond);

    public void Dispose()
    {
        _json.Dispose();
        _output.Dispose();
    }
}
