using NexStream.Core.Buffers;
using NexStream.Core.Wire;

namespace NexStream.Core.Tracing;

/// <summary>Writes received frames: of the NexLink header what differs from the one before, the packet's head, and each slice with what lies in it.</summary>
internal sealed class ReceivedTrace(TraceWriter writer, PayloadTrace payloads, FrameTable frames)
{
    private LinkHeader _last;

    public void Write(in LinkFrame frame)
    {
        int length = frame.Head.Length;
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            length = unchecked(length + slice.Length);
        }

        WriteHeader(frame, unchecked((uint)length));
        int payload = frame.Payload.IsEmpty ? PayloadOf(frame.Head) : 0;
        writer.Varint(frame.Head.Length);
        writer.Varint(payload);
        payloads.WriteHead(frame.Head[..^payload]);
        if (payload > 0)
        {
            payloads.WriteContent(frame.Head[^payload..]);
        }

        writer.Varint(frame.Payload.Length);
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            // What a link names wrongly is an input too, but there is nothing to read there.
            bool isInside = frames.Contains(slice);
            writer.Flag(isInside);
            writer.Slice(slice);
            if (isInside)
            {
                payloads.WriteContent(frames.Bytes(slice));
            }
        }
    }

    /// <summary>Bytes at the end of a whole packet that are an application's, for a generator to know them.</summary>
    private static int PayloadOf(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < PacketHeader.Size)
        {
            return 0;
        }

        var reader = new FrameReader(packet[PacketHeader.Size..]);
        while (!reader.IsAtData)
        {
            if (!reader.TryRead(out _))
            {
                return 0;
            }
        }

        return reader.TryRead(out _) ? reader.Remaining.Length : 0;
    }

    private void WriteHeader(in LinkFrame frame, uint length)
    {
        ref readonly LinkHeader header = ref frame.Header;
        bool isOther = header.Priority != _last.Priority || header.Ecn != _last.Ecn || header.FrameType != _last.FrameType;
        TraceHeaderParts parts = (isOther ? TraceHeaderParts.Kind : 0)
            | (header.PayloadLength != length ? TraceHeaderParts.Length : 0)
            | (header.StreamId != _last.StreamId ? TraceHeaderParts.Stream : 0)
            | (header.Checksum != _last.Checksum ? TraceHeaderParts.Checksum : 0)
            | (header.Source != _last.Source ? TraceHeaderParts.Source : 0)
            | (header.Destination != _last.Destination ? TraceHeaderParts.Destination : 0)
            | (frame.HeadFrame != PayloadSlice.NoFrame ? TraceHeaderParts.InFrame : 0);
        _last = header;
        writer.Byte((byte)parts);
        if ((parts & TraceHeaderParts.Kind) != 0)
        {
            writer.Byte(header.Priority);
            writer.Byte((byte)header.Ecn);
            writer.Varint((ushort)header.FrameType);
        }

        WriteOthers(header, parts);
        if ((parts & TraceHeaderParts.InFrame) != 0)
        {
            writer.Frame(frame.HeadFrame);
            writer.Varint(frame.HeadOffset);
        }
    }

    private void WriteOthers(in LinkHeader header, TraceHeaderParts parts)
    {
        if ((parts & TraceHeaderParts.Length) != 0)
        {
            writer.Word(header.PayloadLength);
        }

        if ((parts & TraceHeaderParts.Stream) != 0)
        {
            writer.Word(header.StreamId);
        }

        if ((parts & TraceHeaderParts.Checksum) != 0)
        {
            writer.Word(header.Checksum);
        }

        if ((parts & TraceHeaderParts.Source) != 0)
        {
            writer.Node(header.Source);
        }

        if ((parts & TraceHeaderParts.Destination) != 0)
        {
            writer.Node(header.Destination);
        }
    }
}
