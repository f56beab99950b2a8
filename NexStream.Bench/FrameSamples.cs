using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Bench;

/// <summary>One frame of each type, with the content that it usually has.</summary>
internal static class FrameSamples
{
    private static readonly PacketNumberRange[] s_ranges = [new(950, 1000), new(900, 940), new(10, 890)];
    private static readonly NackRange[] s_gaps = [new(1000, 2400), new(4800, 6000)];

    /// <summary>Writes the frame. False: no sample for the type, or no room.</summary>
    public static bool TryWrite(FrameType type, ref FrameWriter writer) => type switch
    {
        FrameType.ConnInit => new ConnInitFrame { Version = ProtocolVersion.Current, Node = new NodeId(1, 2), MaxStreams = 1024, MaxData = 1 << 20 }.TryWrite(ref writer),
        FrameType.ConnAccept => new ConnAcceptFrame { Version = ProtocolVersion.Current, Node = new NodeId(1, 2), MaxStreams = 1024, MaxData = 1 << 20 }.TryWrite(ref writer),
        FrameType.ConnClose => new ConnCloseFrame { Reason = ReasonCode.None, IsGraceful = true }.TryWrite(ref writer),
        FrameType.ConnCloseAck => default(ConnCloseAckFrame).TryWrite(ref writer),
        FrameType.ConnRetry => new ConnRetryFrame { Cookie = "twenty-four bytes cookie"u8 }.TryWrite(ref writer),
        FrameType.MaxStreams => new MaxStreamsFrame { MaxStreams = 2048 }.TryWrite(ref writer),
        FrameType.PathClose => new PathCloseFrame { PathId = 1 }.TryWrite(ref writer),
        FrameType.PathOffer => new PathOfferFrame { PathId = 1, Tag = 7, Node = new NodeId(1, 2) }.TryWrite(ref writer),
        FrameType.Data => new DataFrame { Mode = TransportMode.ReliableOrdered, StreamId = 1, Position = 1 << 20 }.TryWrite(ref writer),
        FrameType.Padding => PaddingFrame.TryWrite(ref writer),
        FrameType.StreamOpen => new StreamOpenFrame { StreamId = 1, Mode = TransportMode.ReliableOrdered, Priority = 8, InitialWindow = 65536 }.TryWrite(ref writer),
        FrameType.StreamAck => new StreamAckFrame { StreamId = 1 }.TryWrite(ref writer),
        FrameType.StreamClose => new StreamCloseFrame { StreamId = 1, FinalSize = 1 << 20 }.TryWrite(ref writer),
        FrameType.StreamReset => new StreamResetFrame { StreamId = 1, FinalSize = 1 << 20 }.TryWrite(ref writer),
        FrameType.StreamCloseAck => new StreamCloseAckFrame { StreamId = 1 }.TryWrite(ref writer),
        FrameType.DataAck => PacketAckFrame.TryWrite(ref writer, 0, 100, s_ranges, new EcnCounts { Ect0 = 1000 }, hasEcn: true, 1 << 24),
        FrameType.DataNack => DataNackFrame.TryWrite(ref writer, 1, s_gaps),
        FrameType.WindowUpdate => new WindowUpdateFrame { StreamId = 1, WindowIncrement = 65536, Limit = 1 << 20 }.TryWrite(ref writer),
        FrameType.DataSkip => new DataSkipFrame { StreamId = 1, Message = 5, Charge = 100 }.TryWrite(ref writer),
        FrameType.ReceiverReport => new ReceiverReportFrame { StreamId = 1, Received = 100, Lost = 3, IntervalUs = 1000 }.TryWrite(ref writer),
        FrameType.Ping => new PingFrame { PingId = 7 }.TryWrite(ref writer),
        FrameType.Pong => new PongFrame { PingId = 7 }.TryWrite(ref writer),
        FrameType.Congestion => new CongestionFrame { EcnCeCount = 3, BytesInFlight = 4000 }.TryWrite(ref writer),
        _ => false,
    };

    /// <summary>Decodes the frame. False: it is refused.</summary>
    public static bool TryRead(in RawFrame raw)
    {
        switch (raw.Type)
        {
            case FrameType.ConnInit: return ConnInitFrame.TryRead(raw, out _);
            case FrameType.ConnAccept: return ConnAcceptFrame.TryRead(raw, out _);
            case FrameType.ConnClose: return ConnCloseFrame.TryRead(raw, out _);
            case FrameType.ConnCloseAck: return ConnCloseAckFrame.TryRead(raw, out _);
            case FrameType.ConnRetry: return ConnRetryFrame.TryRead(raw, out _);
            case FrameType.MaxStreams: return MaxStreamsFrame.TryRead(raw, out _);
            case FrameType.PathClose: return PathCloseFrame.TryRead(raw, out _);
            case FrameType.PathOffer: return PathOfferFrame.TryRead(raw, out _);
            case FrameType.Data: return DataFrame.TryRead(raw, out _);
            case FrameType.StreamOpen: return StreamOpenFrame.TryRead(raw, out _);
            case FrameType.StreamAck: return StreamAckFrame.TryRead(raw, out _);
            case FrameType.StreamClose: return StreamCloseFrame.TryRead(raw, out _);
            case FrameType.StreamReset: return StreamResetFrame.TryRead(raw, out _);
            case FrameType.StreamCloseAck: return StreamCloseAckFrame.TryRead(raw, out _);
            case FrameType.DataAck:
                Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[PacketAckFrame.RangeCountMax];
                return PacketAckFrame.TryRead(raw, out PacketAckFrame ack) && ack.TryExpandRanges(ack.LargestLow32, ranges, out _);
            case FrameType.DataNack: return DataNackFrame.TryRead(raw, out _);
            case FrameType.WindowUpdate: return WindowUpdateFrame.TryRead(raw, out _);
            case FrameType.DataSkip: return DataSkipFrame.TryRead(raw, out _);
            case FrameType.ReceiverReport: return ReceiverReportFrame.TryRead(raw, out _);
            case FrameType.Padding: return true;
            case FrameType.Ping: return PingFrame.TryRead(raw, out _);
            case FrameType.Pong: return PongFrame.TryRead(raw, out _);
            case FrameType.Congestion: return CongestionFrame.TryRead(raw, out _);
            default: return false;
        }
    }
}
