using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Core.Sending;

/// <summary>Puts the two headers on a packet whose frames are written.</summary>
internal static class PacketFinisher
{
    public static void WriteHeaders(
        ref PacketBuilder builder, NodeId source, NodeId destination, in PacketHeader header, byte priority, EcnCodepoint ecn, uint streamId = StreamId.ConnectionControl)
    {
        Wire.Transmission transmission = builder.Transmission;
        header.Write(transmission.HeadStorage);
        transmission.HeadLength = PacketHeader.Size + builder.Writer.Length;
        transmission.Header = new LinkHeader
        {
            Priority = priority,
            Ecn = ecn,
            FrameType = streamId == StreamId.ConnectionControl ? LinkFrameType.StreamControl : LinkFrameType.StreamData,
            PayloadLength = (uint)(transmission.HeadLength + builder.PayloadLength),
            StreamId = streamId,
            Source = source,
            Destination = destination,
        };
    }
}
