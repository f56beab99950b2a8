using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Core.Sending;

/// <summary>Puts the two headers on a packet whose frames are written.</summary>
internal static class PacketFinisher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteHeaders(
        ref PacketBuilder builder, NodeId source, NodeId destination, in PacketHeader header, byte priority, EcnCodepoint ecn, uint streamId = StreamId.ConnectionControl)
    {
        Wire.Transmission transmission = builder.Transmission;
        header.Write(transmission.HeadStorage);
        transmission.HeadLength = PacketHeader.Size + builder.Writer.Length;

        // Field by field, in place: a header that was made elsewhere would be copied before its parts have reached the cache.
        ref LinkHeader link = ref transmission.Header;
        link.Priority = priority;
        link.Ecn = ecn;
        link.FrameType = streamId == StreamId.ConnectionControl ? LinkFrameType.StreamControl : LinkFrameType.StreamData;
        link.PayloadLength = (uint)(transmission.HeadLength + builder.PayloadLength);
        link.StreamId = streamId;
        link.Checksum = 0;
        link.Source = source;
        link.Destination = destination;
    }
}
