using NexStream.Core.Wire;

namespace NexStream.Tests.Support;

/// <summary>Looks into the packets of a <see cref="Pair"/>.</summary>
internal static class Frames
{
    /// <summary>The types of all frames of a packet, in order.</summary>
    public static List<FrameType> TypesOf(Pair.Frame frame)
    {
        var types = new List<FrameType>();
        var reader = new FrameReader(frame.Bytes.AsSpan(PacketHeader.Size));
        while (reader.TryRead(out RawFrame raw))
        {
            types.Add(raw.Type);
        }

        return types;
    }

    public static bool Has(Pair.Frame frame, FrameType type) => TypesOf(frame).Contains(type);

    /// <summary>The payloads of all frames of one type.</summary>
    public static List<byte[]> PayloadsOf(Pair.Frame frame, FrameType type)
    {
        var payloads = new List<byte[]>();
        var reader = new FrameReader(frame.Bytes.AsSpan(PacketHeader.Size));
        while (reader.TryRead(out RawFrame raw))
        {
            if (raw.Type == type)
            {
                payloads.Add(raw.Payload.ToArray());
            }
        }

        return payloads;
    }

    /// <summary>Whether the packet carries data of this stream.</summary>
    public static bool IsDataOf(Pair.Frame frame, uint stream) => frame.Header.FrameType == LinkFrameType.StreamData && frame.Header.StreamId == stream;
}
