using System.Buffers.Binary;

namespace NexStream.Tests.Wireshark;

/// <summary>Writes datagrams as a capture: the classic pcap format, with an IPv4 and a UDP header before each.</summary>
internal static class PcapFile
{
    private const uint Magic = 0xa1b2c3d4;

    /// <summary>LINKTYPE_IPV4: packets begin with the IPv4 header.</summary>
    private const uint LinkType = 228;
    private const int SnapLength = 262144;
    private const int Ipv4HeaderSize = 20;
    private const int UdpHeaderSize = 8;
    private const byte UdpProtocol = 17;

    /// <summary>Two sockets that no other protocol of Wireshark's claims.</summary>
    private const ushort SourcePort = 50001;
    private const ushort DestinationPort = 50002;

    /// <summary>Writes a file.</summary>
    public static void Write(string path, IEnumerable<byte[]> datagrams)
    {
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write(Magic);
        writer.Write((ushort)2);
        writer.Write((ushort)4);
        writer.Write(0L);
        writer.Write(SnapLength);
        writer.Write(LinkType);
        uint seconds = 0;
        foreach (byte[] datagram in datagrams)
        {
            byte[] packet = Wrap(datagram);
            writer.Write(seconds++);
            writer.Write(0u);
            writer.Write(packet.Length);
            writer.Write(packet.Length);
            writer.Write(packet);
        }
    }

    private static byte[] Wrap(byte[] datagram)
    {
        byte[] packet = new byte[Ipv4HeaderSize + UdpHeaderSize + datagram.Length];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[8] = 64;
        packet[9] = UdpProtocol;
        "\x7f\0\0\x01\x7f\0\0\x01"u8.CopyTo(packet.AsSpan(12));
        Span<byte> udp = packet.AsSpan(Ipv4HeaderSize);
        BinaryPrimitives.WriteUInt16BigEndian(udp, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], DestinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(UdpHeaderSize + datagram.Length));
        datagram.CopyTo(udp[UdpHeaderSize..]);
        return packet;
    }
}
