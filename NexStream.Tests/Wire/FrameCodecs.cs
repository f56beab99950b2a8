using System.Text;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

/// <summary>Decodes any frame into the text that docs/wire-format.md uses, and encodes what it decoded.</summary>
internal static class FrameCodecs
{
    /// <summary>The frame's name as the documents write it, such as STREAM_OPEN.</summary>
    public static string NameOf(FrameType type)
    {
        var name = new StringBuilder();
        foreach (char c in type.ToString())
        {
            if (char.IsUpper(c) && name.Length > 0)
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(c));
        }

        return name.ToString();
    }

    /// <summary>
    /// Decodes <paramref name="raw"/>, adds a line "name = value" for each field to <paramref name="fields"/>, and writes the frame
    /// again. False: the frame is refused, or of an unknown type.
    /// </summary>
    public static bool TryRecode(in RawFrame raw, List<string> fields, ref FrameWriter writer)
    {
        switch (raw.Type)
        {
            case FrameType.ConnInit: return RecodeConnInit(raw, fields, ref writer);
            case FrameType.ConnAccept: return RecodeConnAccept(raw, fields, ref writer);
            case FrameType.ConnClose: return RecodeConnClose(raw, fields, ref writer);
            case FrameType.ConnCloseAck:
                return ConnCloseAckFrame.TryRead(raw, out ConnCloseAckFrame closeAck) && closeAck.TryWrite(ref writer);
            case FrameType.ConnRetry:
                return ConnRetryFrame.TryRead(raw, out ConnRetryFrame retry)
                    && Add(fields, $"cookie = {Hex(retry.Cookie)}") && retry.TryWrite(ref writer);
            case FrameType.MaxStreams:
                return MaxStreamsFrame.TryRead(raw, out MaxStreamsFrame limit)
                    && Add(fields, $"max_streams = {limit.MaxStreams}") && limit.TryWrite(ref writer);
            case FrameType.PathOffer:
                return PathOfferFrame.TryRead(raw, out PathOfferFrame offer)
                    && Add(fields, $"path_id = {offer.PathId}", $"tag = 0x{offer.Tag:x16}", $"node_id = {offer.Node}")
                    && offer.TryWrite(ref writer);
            case FrameType.PathClose:
                return PathCloseFrame.TryRead(raw, out PathCloseFrame end) && Add(fields, $"path_id = {end.PathId}") && end.TryWrite(ref writer);
            case FrameType.Data: return RecodeData(raw, fields, ref writer);
            case FrameType.StreamOpen:
                return StreamOpenFrame.TryRead(raw, out StreamOpenFrame open)
                    && Add(fields, Stream(open.StreamId), $"mode = {NameOf(open.Mode)}", $"priority = {open.Priority}")
                    && Add(fields, $"initial_window = {open.InitialWindow}") && open.TryWrite(ref writer);
            case FrameType.StreamAck:
                return StreamAckFrame.TryRead(raw, out StreamAckFrame ack) && Add(fields, Stream(ack.StreamId)) && ack.TryWrite(ref writer);
            case FrameType.StreamClose:
                return StreamCloseFrame.TryRead(raw, out StreamCloseFrame close)
                    && Add(fields, Stream(close.StreamId), $"reason_code = 0x{(uint)close.Reason:x2}", $"final_size = {close.FinalSize}")
                    && close.TryWrite(ref writer);
            case FrameType.StreamReset:
                return StreamResetFrame.TryRead(raw, out StreamResetFrame reset)
                    && Add(fields, Stream(reset.StreamId), $"error_code = 0x{(uint)reset.Error:x2}", $"direction = {(byte)reset.Direction}")
                    && Add(fields, $"final_size = {reset.FinalSize}", $"final_charge = {reset.FinalCharge}") && reset.TryWrite(ref writer);
            case FrameType.StreamCloseAck:
                return StreamCloseAckFrame.TryRead(raw, out StreamCloseAckFrame closed)
                    && Add(fields, Stream(closed.StreamId)) && closed.TryWrite(ref writer);
            case FrameType.DataAck:
                return StreamDataAckFrame.StreamIdOf(raw) == StreamId.ConnectionControl
                    ? RecodePacketAck(raw, fields, ref writer)
                    : StreamDataAckFrame.TryRead(raw, out StreamDataAckFrame dataAck)
                        && Add(fields, Stream(dataAck.StreamId), $"ack_number = {dataAck.AckNumber}", $"window_update = {dataAck.WindowUpdate}")
                        && dataAck.TryWrite(ref writer);
            case FrameType.DataNack: return RecodeDataNack(raw, fields, ref writer);
            case FrameType.WindowUpdate:
                return WindowUpdateFrame.TryRead(raw, out WindowUpdateFrame update)
                    && Add(fields, Stream(update.StreamId), $"window_increment = {update.WindowIncrement}", $"limit = {update.Limit}")
                    && update.TryWrite(ref writer);
            case FrameType.DataSkip:
                return DataSkipFrame.TryRead(raw, out DataSkipFrame skip)
                    && Add(fields, Stream(skip.StreamId), $"message = {skip.Message}", $"charge = {skip.Charge}") && skip.TryWrite(ref writer);
            case FrameType.ReceiverReport:
                return ReceiverReportFrame.TryRead(raw, out ReceiverReportFrame report)
                    && Add(fields, Stream(report.StreamId), $"received = {report.Received}", $"lost = {report.Lost}", $"recovered = {report.Recovered}")
                    && Add(fields, $"burst_length_mean_q8 = {report.BurstLengthMeanQ8}", $"interval_us = {report.IntervalUs}")
                    && report.TryWrite(ref writer);
            case FrameType.Repair:
                return RepairFrame.TryRead(raw, out RepairFrame repair)
                    && Add(fields, Stream(repair.StreamId), $"first_message = {repair.FirstMessage}", $"group_size = {repair.GroupSize}")
                    && Add(fields, $"row = {repair.Row}", $"length_parity = 0x{repair.LengthParity:x8}") && repair.TryWrite(ref writer);
            case FrameType.Padding:
                return PaddingFrame.TryWrite(ref writer);
            case FrameType.Ping:
                return PingFrame.TryRead(raw, out PingFrame ping) && Add(fields, $"ping_id = 0x{ping.PingId:x16}") && ping.TryWrite(ref writer);
            case FrameType.Pong:
                return PongFrame.TryRead(raw, out PongFrame pong) && Add(fields, $"ping_id = 0x{pong.PingId:x16}") && pong.TryWrite(ref writer);
            case FrameType.Congestion:
                return CongestionFrame.TryRead(raw, out CongestionFrame echo)
                    && Add(fields, $"ecn_ce_count = {echo.EcnCeCount}", $"bytes_in_flight = {echo.BytesInFlight}") && echo.TryWrite(ref writer);
            default: return false;
        }
    }

    /// <summary>Bytes as the documents write them.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes)
    {
        string digits = Convert.ToHexStringLower(bytes);
        return digits.Length == 0 ? "(empty)" : digits;
    }

    /// <summary>The mode as the documents write it.</summary>
    public static string NameOf(TransportMode mode) => mode switch
    {
        TransportMode.ReliableOrdered => "RO",
        TransportMode.ReliableUnordered => "RU",
        TransportMode.BestEffort => "BE",
        _ => "PR",
    };

    private static bool RecodeConnInit(in RawFrame raw, List<string> fields, ref FrameWriter writer)
    {
        if (!ConnInitFrame.TryRead(raw, out ConnInitFrame frame))
        {
            return false;
        }

        Add(fields, $"version = {frame.Version}", $"node_id = {frame.Node}", $"max_streams = {frame.MaxStreams}", $"max_data = {frame.MaxData}");
        if (frame.Version == ProtocolVersion.Current)
        {
            AddParameters(fields, frame.Parameters);
            Add(fields, $"cookie = {Hex(frame.Cookie)}");
        }

        return frame.TryWrite(ref writer);
    }

    private static bool RecodeConnAccept(in RawFrame raw, List<string> fields, ref FrameWriter writer)
    {
        if (!ConnAcceptFrame.TryRead(raw, out ConnAcceptFrame frame))
        {
            return false;
        }

        Add(fields, $"version = {frame.Version}", $"node_id = {frame.Node}", $"max_streams = {frame.MaxStreams}", $"max_data = {frame.MaxData}");
        if (frame.Version == ProtocolVersion.Current)
        {
            AddParameters(fields, frame.Parameters);
            Add(fields, $"init_packet_number = {frame.InitPacketNumber}");
        }

        return frame.TryWrite(ref writer);
    }

    private static void AddParameters(List<string> fields, in TransportParameters parameters)
    {
        Add(fields, $"tag = 0x{parameters.Tag:x16}", $"initial_stream_data = {parameters.InitialStreamData}");
        Add(fields, $"initial_stream_messages = {parameters.InitialStreamMessages}", $"max_ack_delay_us = {parameters.MaxAckDelayUs}");
        Add(fields, $"max_frame_length = {parameters.MaxFrameLength}", $"max_message_length = {parameters.MaxMessageLength}");
        Add(fields, $"features = 0x{parameters.Features:x8}", $"window_scale = {parameters.WindowScale}");
    }

    private static bool RecodeConnClose(in RawFrame raw, List<string> fields, ref FrameWriter writer)
    {
        if (!ConnCloseFrame.TryRead(raw, out ConnCloseFrame frame))
        {
            return false;
        }

        var versions = new StringBuilder();
        for (int i = 0; i < frame.VersionCount; i++)
        {
            versions.Append(i == 0 ? "" : ", ").Append(frame.GetVersion(i));
        }

        Add(fields, $"reason_code = 0x{(uint)frame.Reason:x2}", $"reason_phrase = {Encoding.UTF8.GetString(frame.ReasonPhrase)}");
        Add(fields, $"versions = {(versions.Length == 0 ? "(none)" : versions)}", $"reflected = {YesNo(frame.IsReflected)}", $"graceful = {YesNo(frame.IsGraceful)}");
        return frame.TryWrite(ref writer);
    }

    private static bool RecodeData(in RawFrame raw, List<string> fields, ref FrameWriter writer)
    {
        if (!DataFrame.TryRead(raw, out DataFrame frame))
        {
            return false;
        }

        Add(fields, $"mode = {NameOf(frame.Mode)}", $"fin = {YesNo(frame.Fin)}", Stream(frame.StreamId));
        switch (frame.Mode)
        {
            case TransportMode.ReliableOrdered:
                Add(fields, $"offset = {frame.Position}");
                break;
            case TransportMode.ReliableUnordered:
                Add(fields, $"message = {frame.Position}", $"message_length = {frame.MessageLength}", $"fragment_offset = {frame.FragmentOffset}");
                break;
            case TransportMode.BestEffort:
                Add(fields, $"sequence = {(frame.HasSequence ? frame.Position : "(none)")}");
                break;
            default:
                Add(fields, $"message = {frame.Position}", $"index = {(frame.IsGrouped ? frame.GroupIndex : "(none)")}");
                break;
        }

        return frame.TryWrite(ref writer);
    }

    private static bool RecodePacketAck(in RawFrame raw, List<string> fields, ref FrameWriter writer)
    {
        var ranges = new PacketNumberRange[PacketAckFrame.RangeCountMax];
        if (!PacketAckFrame.TryRead(raw, out PacketAckFrame frame) || !frame.TryExpandRanges(frame.LargestLow32, ranges, out int count))
        {
            return false;
        }

        Array.Resize(ref ranges, count);
        Add(fields, Stream(StreamId.ConnectionControl), $"ack_number = {frame.LargestLow32}", $"path_id = {frame.PathId}");
        Add(fields, $"ack_delay_us = {frame.AckDelayUs}");
        Add(fields, $"ranges = {string.Join(", ", Array.ConvertAll(ranges, range => $"{range.First}-{range.Last}"))}");
        Add(fields, frame.HasEcn ? $"ecn = {frame.Ecn.Ect0}, {frame.Ecn.Ect1}, {frame.Ecn.Ce}" : "ecn = (none)");
        Add(fields, $"connection_credit = {frame.ConnectionCredit}");
        return PacketAckFrame.TryWrite(ref writer, frame.PathId, frame.AckDelayUs, ranges, frame.Ecn, frame.HasEcn, frame.ConnectionCredit);
    }

    private static bool RecodeDataNack(in RawFrame raw, List<string> fields, ref FrameWriter writer)
    {
        if (!DataNackFrame.TryRead(raw, out DataNackFrame frame))
        {
            return false;
        }

        var ranges = new NackRange[frame.RangeCount];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = frame.GetRange(i);
        }

        Add(fields, Stream(frame.StreamId), $"ranges = {string.Join(", ", Array.ConvertAll(ranges, range => $"[{range.Start}, {range.End})"))}");
        return DataNackFrame.TryWrite(ref writer, frame.StreamId, ranges);
    }

    private static string Stream(uint id) => $"stream_id = 0x{id:x8}";

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static bool Add(List<string> fields, params ReadOnlySpan<string> lines)
    {
        fields.AddRange(lines);
        return true;
    }
}
