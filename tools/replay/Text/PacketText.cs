using System.Text;
using NexStream.Core.Wire;

namespace NexStream.Replay.Text;

/// <summary>A packet in words: its headers, and its frames by name.</summary>
internal static class PacketText
{
    /// <summary>Describes a packet.</summary>
    /// <param name="header">Its NexLink header.</param>
    /// <param name="head">Its leading bytes.</param>
    /// <param name="rest">Bytes of it that lie elsewhere.</param>
    public static string Describe(in LinkHeader header, ReadOnlySpan<byte> head, long rest)
    {
        var text = new StringBuilder($"{header.Source} to {header.Destination}, {head.Length + rest} bytes");
        if (header.Ecn != EcnCodepoint.NotEct)
        {
            text.Append(", ").Append(header.Ecn);
        }

        if (!PacketHeader.TryRead(head, out PacketHeader packet))
        {
            return text.Append(", no packet header").ToString();
        }

        text.Append($", tag {packet.Tag:x16}, path {packet.PathId}, packet {packet.PacketNumber}");
        if ((packet.Flags & PacketHeader.AckNow) != 0)
        {
            text.Append(" ACK_NOW");
        }

        var reader = new FrameReader(head[PacketHeader.Size..]);
        while (reader.TryRead(out RawFrame frame))
        {
            text.Append(" | ").Append(FrameText.Describe(frame));
            if (frame.Type is FrameType.Data or FrameType.Repair)
            {
                text.Append($" {reader.Remaining.Length + rest} bytes");
            }
        }

        return reader.IsMalformed ? text.Append(" | malformed").ToString() : text.ToString();
    }
}
