using System.Text;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Replay.Text;

/// <summary>A frame in words: its name, as docs/wire-format.md has it, and its fields.</summary>
internal static class FrameText
{
    public static string Describe(in RawFrame raw) => raw.Type switch
    {
        FrameType.ConnInit or FrameType.ConnAccept or FrameType.ConnClose or FrameType.ConnCloseAck or FrameType.ConnRetry or FrameType.MaxStreams or FrameType.PathOffer or FrameType.PathClose
            => OfConnection(raw),
        FrameType.StreamOpen or FrameType.StreamAck or FrameType.StreamClose or FrameType.StreamReset or FrameType.StreamCloseAck or FrameType.WindowUpdate
            => OfStream(raw),
        FrameType.Data or FrameType.DataSkip or FrameType.Repair or FrameType.ReceiverReport => OfData(raw),
        FrameType.DataAck => Acknowledgement(raw),
        FrameType.DataNack when DataNackFrame.TryRead(raw, out DataNackFrame frame) => Nack(frame),
        FrameType.Ping when PingFrame.TryRead(raw, out PingFrame frame) => $"PING {frame.PingId:x16}",
        FrameType.Pong when PongFrame.TryRead(raw, out PongFrame frame) => $"PONG {frame.PingId:x16}",
        FrameType.Congestion when CongestionFrame.TryRead(raw, out CongestionFrame frame) => $"CONGESTION ce {frame.EcnCeCount} in_flight {frame.BytesInFlight}",
        FrameType.Padding => $"PADDING {raw.Payload.Length}",
        _ => Unreadable(raw),
    };

    private static string OfConnection(in RawFrame raw) => raw.Type switch
    {
        FrameType.ConnInit when ConnInitFrame.TryRead(raw, out ConnInitFrame frame) =>
            $"CONN_INIT version {frame.Version} node {frame.Node} max_streams {frame.MaxStreams} max_data {frame.MaxData} tag {frame.Parameters.Tag:x16} cookie {frame.Cookie.Length} bytes",
        FrameType.ConnAccept when ConnAcceptFrame.TryRead(raw, out ConnAcceptFrame frame) =>
            $"CONN_ACCEPT version {frame.Version} node {frame.Node} max_streams {frame.MaxStreams} max_data {frame.MaxData} tag {frame.Parameters.Tag:x16} init_packet {frame.InitPacketNumber}",
        FrameType.ConnClose when ConnCloseFrame.TryRead(raw, out ConnCloseFrame frame) =>
            $"CONN_CLOSE {frame.Reason}{(frame.IsGraceful ? " graceful" : string.Empty)}{(frame.IsReflected ? " reflected" : string.Empty)}",
        FrameType.ConnCloseAck => "CONN_CLOSE_ACK",
        FrameType.ConnRetry when ConnRetryFrame.TryRead(raw, out ConnRetryFrame frame) => $"CONN_RETRY cookie {frame.Cookie.Length} bytes",
        FrameType.MaxStreams when MaxStreamsFrame.TryRead(raw, out MaxStreamsFrame frame) => $"MAX_STREAMS {frame.MaxStreams}",
        FrameType.PathOffer when PathOfferFrame.TryRead(raw, out PathOfferFrame frame) => $"PATH_OFFER path {frame.PathId} tag {frame.Tag:x16} node {frame.Node}",
        FrameType.PathClose when PathCloseFrame.TryRead(raw, out PathCloseFrame frame) => $"PATH_CLOSE path {frame.PathId}",
        _ => Unreadable(raw),
    };

    private static string OfStream(in RawFrame raw) => raw.Type switch
    {
        FrameType.StreamOpen when StreamOpenFrame.TryRead(raw, out StreamOpenFrame frame) =>
            $"STREAM_OPEN {frame.StreamId:x8} {frame.Mode} priority {frame.Priority} window {frame.InitialWindow}",
        FrameType.StreamAck when StreamAckFrame.TryRead(raw, out StreamAckFrame frame) => $"STREAM_ACK {frame.StreamId:x8}",
        FrameType.StreamClose when StreamCloseFrame.TryRead(raw, out StreamCloseFrame frame) => $"STREAM_CLOSE {frame.StreamId:x8} {frame.Reason} final_size {frame.FinalSize}",
        FrameType.StreamReset when StreamResetFrame.TryRead(raw, out StreamResetFrame frame) =>
            $"STREAM_RESET {frame.StreamId:x8} {frame.Direction} {frame.Error} final_size {frame.FinalSize} charge {frame.FinalCharge}",
        FrameType.StreamCloseAck when StreamCloseAckFrame.TryRead(raw, out StreamCloseAckFrame frame) => $"STREAM_CLOSE_ACK {frame.StreamId:x8}",
        FrameType.WindowUpdate when WindowUpdateFrame.TryRead(raw, out WindowUpdateFrame frame) => $"WINDOW_UPDATE {frame.StreamId:x8} limit {frame.Limit}",
        _ => Unreadable(raw),
    };

    private static string OfData(in RawFrame raw) => raw.Type switch
    {
        FrameType.Data when DataFrame.TryRead(raw, out DataFrame frame) =>
            $"DATA {frame.StreamId:x8} {frame.Mode} at {frame.Position}{(frame.Mode == TransportMode.ReliableUnordered ? $" fragment {frame.FragmentOffset} of {frame.MessageLength}" : string.Empty)}"
            + $"{(frame.IsGrouped ? $" group_index {frame.GroupIndex}" : string.Empty)}{(frame.Fin ? " FIN" : string.Empty)}",
        FrameType.DataSkip when DataSkipFrame.TryRead(raw, out DataSkipFrame frame) => $"DATA_SKIP {frame.StreamId:x8} message {frame.Message} charge {frame.Charge}",
        FrameType.Repair when RepairFrame.TryRead(raw, out RepairFrame frame) =>
            $"REPAIR {frame.StreamId:x8} messages {frame.FirstMessage}+{frame.GroupSize} row {frame.Row}",
        FrameType.ReceiverReport when ReceiverReportFrame.TryRead(raw, out ReceiverReportFrame frame) =>
            $"RECEIVER_REPORT {frame.StreamId:x8} received {frame.Received} lost {frame.Lost} recovered {frame.Recovered} interval_us {frame.IntervalUs}",
        _ => Unreadable(raw),
    };

    private static string Acknowledgement(in RawFrame raw)
    {
        if (StreamDataAckFrame.StreamIdOf(raw) != StreamId.ConnectionControl)
        {
            return StreamDataAckFrame.TryRead(raw, out StreamDataAckFrame stream)
                ? $"DATA_ACK {stream.StreamId:x8} ack {stream.AckNumber} window {stream.WindowUpdate}"
                : Unreadable(raw);
        }

        Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[PacketAckFrame.RangeCountMax];
        if (!PacketAckFrame.TryRead(raw, out PacketAckFrame frame) || !frame.TryExpandRanges(frame.LargestLow32, ranges, out int count))
        {
            return Unreadable(raw);
        }

        var text = new StringBuilder($"DATA_ACK path {frame.PathId} delay_us {frame.AckDelayUs} credit {frame.ConnectionCredit} packets");
        foreach (ref readonly PacketNumberRange range in ranges[..count])
        {
            text.Append(range.First == range.Last ? $" {range.First}" : $" {range.First}-{range.Last}");
        }

        return frame.HasEcn ? text.Append($" ect0 {frame.Ecn.Ect0} ect1 {frame.Ecn.Ect1} ce {frame.Ecn.Ce}").ToString() : text.ToString();
    }

    private static string Nack(in DataNackFrame frame)
    {
        var text = new StringBuilder($"DATA_NACK {frame.StreamId:x8}");
        for (int i = 0; i < frame.RangeCount; i++)
        {
            text.Append($" {frame.GetRange(i).Start}-{frame.GetRange(i).End}");
        }

        return text.ToString();
    }

    private static string Unreadable(in RawFrame raw) => $"{raw.Type} of {raw.Payload.Length} bytes, which cannot be read";
}
