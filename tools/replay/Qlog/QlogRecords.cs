using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using NexStream.Core.Primitives;

namespace NexStream.Replay.Qlog;

/// <summary>Writes JSON text sequences (RFC 7464): a record separator, one JSON value, a line feed.</summary>
internal sealed class QlogRecords : IDisposable
{
    /// <summary>What a file says that it is, and the schemas of its events (docs/qlog.md).</summary>
    public const string FileSchema = "urn:ietf:params:qlog:file:sequential";
    public const string Serialization = "application/qlog+json-seq";

    // Drafts must say which they follow; a schema of one's own must not be a name of the IETF's.
    public const string QuicSchema = "urn:ietf:params:qlog:events:quic-12";
    public const string OwnSchema = "urn:nexstream:qlog:events:nexstream";

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
