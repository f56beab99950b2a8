using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tools.Fuzz;

/// <summary>Reads a frame of any type, and writes what was read.</summary>
internal static class FrameCodec
{
    /// <summary>False: the frame is refused, or of an unknown type.</summary>
    public static bool TryRecode(in RawFrame raw, ref FrameWriter writer)
    {
        switch (raw.Type)
        {
            case FrameType.ConnInit: return ConnInitFrame.TryRead(raw, out ConnInitFrame init) && init.TryWrite(ref writer);
            case FrameType.ConnAccept: return ConnAcceptFrame.TryRead(raw, out ConnAcceptFrame accept) && accept.TryWrite(ref writer);
            case FrameType.ConnClose: return ConnCloseFrame.TryRead(raw, out ConnCloseFrame close) && close.TryWrite(ref writer);
            case FrameType.ConnCloseAck: return ConnCloseAckFrame.TryRead(raw, out ConnCloseAckFrame closed) && closed.TryWrite(ref writer);
            case FrameType.ConnRetry: return ConnRetryFrame.TryRead(raw, out ConnRetryFrame retry) && retry.TryWrite(ref writer);
            case FrameType.MaxStreams: return MaxStreamsFrame.TryRead(raw, out MaxStreamsFrame limit) && limit.TryWrite(ref writer);
            case FrameType.PathOffer: return PathOfferFrame.TryRead(raw, out PathOfferFrame offer) && offer.TryWrite(ref writer);
            case FrameType.PathClose: return PathCloseFrame.TryRead(raw, out PathCloseFrame end) && end.TryWrite(ref writer);
            case FrameType.Data: return DataFrame.TryRead(raw, out DataFrame data) && data.TryWrite(ref writer);
            case FrameType.StreamOpen: return StreamOpenFrame.TryRead(raw, out StreamOpenFrame open) && open.TryWrite(ref writer);
            case FrameType.StreamAck: return StreamAckFrame.TryRead(raw, out StreamAckFrame opened) && opened.TryWrite(ref writer);
            case FrameType.StreamClose: return StreamCloseFrame.TryRead(raw, out StreamCloseFrame finish) && finish.TryWrite(ref writer);
            case FrameType.StreamReset: return StreamResetFrame.TryRead(raw, out StreamResetFrame reset) && reset.TryWrite(ref writer);
            case FrameType.StreamCloseAck: return StreamCloseAckFrame.TryRead(raw, out StreamCloseAckFrame finished) && finished.TryWrite(ref writer);
            case FrameType.DataAck when StreamDataAckFrame.StreamIdOf(raw) == StreamId.ConnectionControl: return TryRecodePacketAck(raw, ref writer);
            case FrameType.DataAck: return StreamDataAckFrame.TryRead(raw, out StreamDataAckFrame received) && received.TryWrite(ref writer);
            case FrameType.DataNack: return TryRecodeNack(raw, ref writer);
            case FrameType.WindowUpdate: return WindowUpdateFrame.TryRead(raw, out WindowUpdateFrame credit) && credit.TryWrite(ref writer);
            case FrameType.DataSkip: return DataSkipFrame.TryRead(raw, out DataSkipFrame skip) && skip.TryWrite(ref writer);
            case FrameType.Repair: return RepairFrame.TryRead(raw, out RepairFrame repair) && repair.TryWrite(ref writer);
            case FrameType.ReceiverReport: return ReceiverReportFrame.TryRead(raw, out ReceiverReportFrame report) && report.TryWrite(ref writer);
            case FrameType.Padding: return PaddingFrame.TryWrite(ref writer);
            case FrameType.Ping: return PingFrame.TryRead(raw, out PingFrame ping) && ping.TryWrite(ref writer);
            case FrameType.Pong: return PongFrame.TryRead(raw, out PongFrame pong) && pong.TryWrite(ref writer);
            case FrameType.Congestion: return CongestionFrame.TryRead(raw, out CongestionFrame echo) && echo.TryWrite(ref writer);
            default: return false;
        }
    }

    private static bool TryRecodePacketAck(in RawFrame raw, ref FrameWriter writer)
    {
        Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[PacketAckFrame.RangeCountMax];
        return PacketAckFrame.TryRead(raw, out PacketAckFrame frame)
            && frame.TryExpandRanges(frame.LargestLow32, ranges, out int count)
            && PacketAckFrame.TryWrite(ref writer, frame.PathId, frame.AckDelayUs, ranges[..count], frame.Ecn, frame.HasEcn, frame.ConnectionCredit);
    }

    private static bool TryRecodeNack(in RawFrame raw, ref FrameWriter writer)
    {
        if (!DataNackFrame.TryRead(raw, out DataNackFrame frame))
        {
            return false;
        }

        Span<NackRange> ranges = stackalloc NackRange[frame.RangeCount];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = frame.GetRange(i);
        }

        return DataNackFrame.TryWrite(ref writer, frame.StreamId, ranges);
    }
}
