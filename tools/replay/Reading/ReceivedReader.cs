using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Replay.Inputs;

namespace NexStream.Replay.Reading;

/// <summary>Reads received frames, as <see cref="ReceivedTrace"/> writes them.</summary>
internal sealed class ReceivedReader(ItemReader items)
{
    private LinkHeader _last;

    public ReceiveInput Read()
    {
        Instant now = items.Time();
        var parts = (TraceHeaderParts)items.Byte();
        LinkHeader header = ReadHeader(parts);
        bool isInFrame = (parts & TraceHeaderParts.InFrame) != 0;
        uint headFrame = isInFrame ? items.Frame() : PayloadSlice.NoFrame;
        int headOffset = isInFrame ? unchecked((int)items.UInt("An offset")) : 0;
        byte[] head = ReadHead();
        FilledSlice[] payload = InputReader.FilledSlices(items);
        if ((parts & TraceHeaderParts.Length) == 0)
        {
            int length = head.Length;
            foreach (FilledSlice slice in payload)
            {
                length = unchecked(length + slice.Slice.Length);
            }

            header.PayloadLength = unchecked((uint)length);
        }

        return new ReceiveInput(now, header, head, headFrame, headOffset, payload);
    }

    private byte[] ReadHead()
    {
        int length = items.Int(ItemReader.PayloadMax, "The length of a head");
        int payload = items.Int(length, "The length of a payload");
        byte[] front;
        if (length - payload > TraceFormat.HeadSizeMax)
        {
            front = items.Bytes(length - payload);
        }
        else
        {
            front = new byte[length - payload];
            items.Head(front);
        }

        return payload == 0 ? front : [.. front, .. items.PayloadOf(payload)];
    }

    private LinkHeader ReadHeader(TraceHeaderParts parts)
    {
        LinkHeader header = _last;
        if ((parts & TraceHeaderParts.Kind) != 0)
        {
            header.Priority = items.Byte();
            header.Ecn = (EcnCodepoint)items.Byte();
            header.FrameType = (LinkFrameType)items.Int(ushort.MaxValue, "A frame type");
        }

        if ((parts & TraceHeaderParts.Length) != 0)
        {
            header.PayloadLength = items.Word();
        }

        if ((parts & TraceHeaderParts.Stream) != 0)
        {
            header.StreamId = items.Word();
        }

        if ((parts & TraceHeaderParts.Checksum) != 0)
        {
            header.Checksum = items.Word();
        }

        if ((parts & TraceHeaderParts.Source) != 0)
        {
            header.Source = items.Node();
        }

        if ((parts & TraceHeaderParts.Destination) != 0)
        {
            header.Destination = items.Node();
        }

        _last = header;
        return header;
    }
}
