using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using NexStream.Core.Primitives;

namespace NexStream.Simulator.Observation;

/// <summary>Writes JSON text sequences (RFC 7464): a record separator, one JSON value, a line feed.</summary>
internal sealed class QlogRecords : IDisposable
{
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
    public Utf8JsonWriter BeginEvent(string name, long now)
    {
        Utf8JsonWriter json = Begin();
        json.WriteNumber("time", Milliseconds(now));
        json.WriteString("name", name);
        json.WriteStartObject("data");
        return json;
    }

    /// <summary>Ends an event.</summary>
    public void EndEvent()
    {
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
