using System.Globalization;
using System.Text.Json;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Replay.Qlog;

/// <summary>
/// The frames of a packet as qlog has them: those that QUIC has as well under QUIC's names and fields (draft-ietf-quic-qlog-quic-events, so that viewers
/// know them), the others under their own (docs/qlog.md).
/// </summary>
internal static class QlogFrames
{
    /// <summary>Writes the array "frames".</summary>
    /// <param name="json">Where to.</param>
    /// <param name="head">The packet's leading bytes, from the packet header on.</param>
    /// <param name="rest">Bytes of it that lie elsewhere.</param>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> head, long rest)
    {
        json.WriteStartArray("frames");
        var reader = new FrameReader(head[PacketHeader.Size..]);
        while (reader.TryRead(out RawFrame frame))
        {
            json.WriteStartObject();
            WriteFrame(json, frame, reader.Remaining.Length + rest);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The name that docs/wire-format.md gives a frame, in small letters; unknown where it gives none.</summary>
    public static string NameOf(FrameType type) => !Enum.IsDefined(type) ? "unknown" : JsonNamingPolicy.SnakeCaseLower.ConvertName(type.ToString());

    /// <summary>A mode's name.</summary>
    public static string NameOf(TransportMode mode) => JsonNamingPolicy.SnakeCaseLower.ConvertName(mode.ToString());

    private static void WriteFrame(Utf8JsonWriter json, in RawFrame raw, long payload)
    {
        switch (raw.Type)
        {
            case FrameType.Data when DataFrame.TryRead(raw, out DataFrame frame):
                WriteData(json, frame, payload);
                break;
            case FrameType.DataAck when PacketAckFrame.TryRead(raw, out PacketAckFrame frame):
                WriteAck(json, frame);
                break;
            case FrameType.Ping:
                Type(json, "ping");
                break;
            case FrameType.Padding:
                Type(json, "padding");
                json.WriteNumber("payload_length", payload);
                break;
            case FrameType.ConnClose when ConnCloseFrame.TryRead(raw, out ConnCloseFrame frame):
                Type(json, "connection_close");
                json.WriteString("error", frame.Reason.ToString());
                json.WriteNumber("error_code", (uint)frame.Reason);
                break;
            case FrameType.MaxStreams when MaxStreamsFrame.TryRead(raw, out MaxStreamsFrame frame):
                Type(json, "max_streams");
                json.WriteString("stream_type", "bidirectional");
                json.WriteNumber("maximum", frame.MaxStreams);
                break;
            case FrameType.WindowUpdate when WindowUpdateFrame.TryRead(raw, out WindowUpdateFrame frame):
                Type(json, frame.StreamId == StreamId.ConnectionControl ? "max_data" : "max_stream_data");
                Stream(json, frame.StreamId);
                json.WriteNumber("maximum", frame.Limit);
                break;
            case FrameType.StreamReset when StreamResetFrame.TryRead(raw, out StreamResetFrame frame):
                Type(json, frame.Direction == StreamResetDirection.StopSending ? "stop_sending" : "reset_stream");
                Stream(json, frame.StreamId);
                json.WriteNumber("error_code", (uint)frame.Error);
                json.WriteNumber("final_size", frame.FinalSize);
                break;
            default:
                WriteOwn(json, raw, payload);
                break;
        }
    }

    private static void WriteData(Utf8JsonWriter json, in DataFrame frame, long payload)
    {
        Type(json, "stream");
        Stream(json, frame.StreamId);
        json.WriteString("mode", NameOf(frame.Mode));
        json.WriteNumber("length", payload);
        json.WriteBoolean("fin", frame.Fin);
        if (frame.Mode == TransportMode.ReliableOrdered)
        {
            json.WriteNumber("offset", frame.Position);
        }
        else if (frame.Mode != TransportMode.BestEffort || frame.HasSequence)
        {
            json.WriteNumber("message", frame.Position);
        }

        if (frame.Mode == TransportMode.ReliableUnordered)
        {
            json.WriteNumber("fragment_offset", frame.FragmentOffset);
            json.WriteNumber("message_length", frame.MessageLength);
        }
    }

    private static void WriteAck(Utf8JsonWriter json, in PacketAckFrame frame)
    {
        Type(json, "ack");
        json.WriteNumber("path_id", frame.PathId);
        json.WriteNumber("ack_delay", frame.AckDelayUs / 1000m);
        json.WriteStartArray("acked_ranges");
        Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[PacketAckFrame.RangeCountMax];
        if (frame.TryExpandRanges(frame.LargestLow32, ranges, out int count))
        {
            foreach (ref readonly PacketNumberRange range in ranges[..count])
            {
                json.WriteStartArray();
                json.WriteNumberValue(range.First);
                json.WriteNumberValue(range.Last);
                json.WriteEndArray();
            }
        }

        json.WriteEndArray();
        if (frame.HasEcn)
        {
            json.WriteNumber("ect0", frame.Ecn.Ect0);
            json.WriteNumber("ect1", frame.Ecn.Ect1);
            json.WriteNumber("ce", frame.Ecn.Ce);
        }
    }

    private static void WriteOwn(Utf8JsonWriter json, in RawFrame raw, long payload)
    {
        Type(json, NameOf(raw.Type));
        switch (raw.Type)
        {
            case FrameType.StreamOpen when StreamOpenFrame.TryRead(raw, out StreamOpenFrame frame):
                Stream(json, frame.StreamId);
                json.WriteString("mode", NameOf(frame.Mode));
                break;
            case FrameType.StreamClose when StreamCloseFrame.TryRead(raw, out StreamCloseFrame frame):
                Stream(json, frame.StreamId);
                json.WriteNumber("final_size", frame.FinalSize);
                break;
            case FrameType.DataAck when StreamDataAckFrame.TryRead(raw, out StreamDataAckFrame frame):
                Stream(json, frame.StreamId);
                json.WriteNumber("ack_number", frame.AckNumber);
                break;
            case FrameType.DataSkip when DataSkipFrame.TryRead(raw, out DataSkipFrame frame):
                Stream(json, frame.StreamId);
                json.WriteNumber("message", frame.Message);
                break;
            case FrameType.Repair when RepairFrame.TryRead(raw, out RepairFrame frame):
                Stream(json, frame.StreamId);
                json.WriteNumber("message", frame.FirstMessage);
                json.WriteNumber("group_size", frame.GroupSize);
                json.WriteNumber("row", frame.Row);
                json.WriteNumber("length", payload);
                break;
            case FrameType.ReceiverReport when ReceiverReportFrame.TryRead(raw, out ReceiverReportFrame frame):
                Stream(json, frame.StreamId);
                json.WriteNumber("received", frame.Received);
                json.WriteNumber("lost", frame.Lost);
                json.WriteNumber("recovered", frame.Recovered);
                break;
            case FrameType.PathOffer when PathOfferFrame.TryRead(raw, out PathOfferFrame frame):
                json.WriteNumber("path_id", frame.PathId);
                break;
            default:
                json.WriteNumber("payload_length", raw.Payload.Length);
                break;
        }
    }

    private static void Type(Utf8JsonWriter json, string type) => json.WriteString("frame_type", type);

    private static void Stream(Utf8JsonWriter json, uint id)
    {
        if (id != StreamId.ConnectionControl)
        {
            json.WriteNumber("stream_id", id);
        }
    }

    /// <summary>Writes "header", which names a packet.</summary>
    public static void WriteHeader(Utf8JsonWriter json, in PacketHeader header)
    {
        json.WriteStartObject("header");
        json.WriteString("packet_type", header.Tag == 0 ? "initial" : "1RTT");
        json.WriteNumber("packet_number", header.PacketNumber);
        json.WriteString("dcid", header.Tag.ToString("x16", CultureInfo.InvariantCulture));
        json.WriteNumber("path_id", header.PathId);
        json.WriteEndObject();
    }
}
