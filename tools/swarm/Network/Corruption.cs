using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Swarm.Drawing;

namespace NexStream.Swarm.Network;

/// <summary>Changes what nothing protects, and what a checksum would have caught if there were one.</summary>
internal static class Corruption
{
    /// <summary>Changes a field of the NexLink header that the core must not depend on.</summary>
    public static void ChangeHeader(Packet packet, Draw draw)
    {
        ref LinkHeader header = ref packet.Header;
        switch (draw.Below(6))
        {
            case 0:
                header.Ecn = (EcnCodepoint)draw.Below(4);
                break;
            case 1:
                header.Priority = (byte)draw.Below(LinkHeader.PriorityMax + 1);
                break;
            case 2:
                header.StreamId = unchecked((uint)draw.Next());
                break;
            case 3:
                header.Checksum = unchecked((uint)draw.Next());
                break;
            case 4:
                header.Source = new NodeId(draw.Next(), draw.Next());
                break;
            default:
                header.FrameType = (LinkFrameType)draw.Below(16);
                break;
        }
    }

    /// <summary>Changes some bytes of the packet itself, or its length.</summary>
    public static void ChangeBytes(Packet packet, Draw draw)
    {
        // The tag mostly stays: without it nothing but the tag's check would be tried.
        int first = draw.OneIn(8) ? 0 : Math.Min(PacketHeader.Size - 7, packet.Length - 1);
        for (int i = draw.Between(1, 4); i > 0 && packet.Length > first; i--)
        {
            int at = first + draw.Below(Math.Min(packet.Length - first, draw.OneIn(4) ? packet.Length : 64));
            switch (draw.Below(4))
            {
                case 0:
                    packet.Bytes[at] ^= (byte)(1 << draw.Below(8));
                    break;
                case 1:
                    packet.Bytes[at] = (byte)draw.Below(256);
                    break;
                case 2:
                    packet.Bytes[at] = draw.Pick<byte>(0, 1, 0x7f, 0x80, 0xff);
                    break;
                default:
                    packet.Length = draw.OneIn(4) ? at : packet.Length;
                    break;
            }
        }

        packet.Header.PayloadLength = (uint)packet.Length;
        packet.IsGenuine = false;
    }
}
