using System.Text;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Swarm.Running;

/// <summary>A packet in a line of text.</summary>
internal static class FrameText
{
    public static string Of(ReadOnlySpan<byte> packet, int length)
    {
        if (!PacketHeader.TryRead(packet, out PacketHeader header))
        {
            return $"{length} bytes that are no packet";
        }

        var text = new StringBuilder($"{header.PacketNumber} to {header.Tag:x} ({length} bytes):");
        var reader = new FrameReader(packet[PacketHeader.Size..]);
        while (!reader.IsAtData && reader.TryRead(out RawFrame raw))
        {
            text.Append(' ').Append(raw.Type);
            Append(text, raw);
        }

        if (reader.IsAtData && DataFrame.TryRead(reader.Remaining, out DataFrame data, out _) && !reader.IsAtRepair)
        {
            text.Append($" Data {data.Mode} {data.StreamId:x} at {data.Position}, {data.FragmentOffset} of {data.MessageLength}{(data.IsGrouped ? $", place {data.GroupIndex}" : string.Empty)}{(data.Fin ? " FIN" : string.Empty)}");
        }
        else if (RepairFrame.TryRead(reader.Remaining, out RepairFrame repair, out _))
        {
            text.Append($" Repair {repair.StreamId:x} of {repair.GroupSize} from {repair.FirstMessage}, row {repair.Row}");
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, in RawFrame raw)
    {
        switch (raw.Type)
        {
            case FrameType.DataAck when StreamDataAckFrame.StreamIdOf(raw) == 0 && PacketAckFrame.TryRead(raw, out PacketAckFrame ack):
                text.Append($"({ack.LargestLow32}, {ack.RangeCount} ranges, credit {ack.ConnectionCredit})");
                break;
            case FrameType.WindowUpdate when WindowUpdateFrame.TryRead(raw, out WindowUpdateFrame window):
                text.Append($"({window.StreamId:x} to {window.Limit})");
                break;
            case FrameType.StreamReset when StreamResetFrame.TryRead(raw, out StreamResetFrame reset):
                text.Append($"({reset.StreamId:x} {reset.Direction} {reset.Error} size {reset.FinalSize} charge {reset.FinalCharge})");
                break;
            case FrameType.ConnClose when ConnCloseFrame.TryRead(raw, out ConnCloseFrame close):
                text.Append($"({close.Reason}, graceful {close.IsGraceful}, reflected {close.IsReflected})");
                break;
            case FrameType.StreamClose when StreamCloseFrame.TryRead(raw, out StreamCloseFrame end):
                text.Append($"({end.StreamId:x} size {end.FinalSize})");
                break;
            case FrameType.Ping when PingFrame.TryRead(raw, out PingFrame ping):
                text.Append($"({ping.PingId & 0xffff:x})");
                break;
            case FrameType.Pong when PongFrame.TryRead(raw, out PongFrame pong):
                text.Append($"({pong.PingId & 0xffff:x})");
                break;
            case FrameType.MaxStreams when MaxStreamsFrame.TryRead(raw, out MaxStreamsFrame streams):
                text.Append($"({streams.MaxStreams})");
                break;
            case FrameType.DataSkip when DataSkipFrame.TryRead(raw, out DataSkipFrame skip):
                text.Append($"({skip.StreamId:x} message {skip.Message} charge {skip.Charge})");
                break;
            default:
                break;
        }
    }
}
