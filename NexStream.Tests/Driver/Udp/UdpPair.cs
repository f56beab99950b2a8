using System.Net;
using System.Runtime.InteropServices;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Driver.Links;

namespace NexStream.Tests.Driver.Udp;

/// <summary>Two udp links at one address of this machine.</summary>
internal sealed class UdpPair : IDisposable
{
    public const int FrameSize = 2048;
    public const int FrameCount = 64;
    public static readonly NodeId NodeA = new(0xA, 1);
    public static readonly NodeId NodeB = new(0xB, 2);

    /// <summary>Turns that a datagram within one machine may take to arrive: each waits a millisecond, so that only a broken link takes them all.</summary>
    private const int Patience = 20_000;

    public UdpPair(LinkLibrary library, IPAddress address, UdpOptions? optionsB = null)
    {
        UdpOptions options = new() { Local = new IPEndPoint(address, 0), FrameSize = FrameSize, FrameCount = FrameCount };
        ArenaA = library.CreateArena(FrameSize, FrameCount);
        ArenaB = library.CreateArena(FrameSize, FrameCount);
        A = library.OpenUdp(ArenaA, options);
        B = library.OpenUdp(ArenaB, (optionsB ?? options) with { Local = options.Local });
    }

    public LinkArena ArenaA { get; }

    public LinkArena ArenaB { get; }

    public UdpLink A { get; }

    public UdpLink B { get; }

    /// <summary>A frame whose head is one byte and whose payload is that byte, in the given frame of an arena.</summary>
    public static LinkDescriptor Frame(LinkArena arena, NodeId source, NodeId destination, byte content, int length, int frame = 0)
    {
        LinkDescriptor descriptor = default;
        new LinkHeader { FrameType = LinkFrameType.StreamControl, PayloadLength = (uint)length + 1, Source = source, Destination = destination }.Write(descriptor.Header);
        descriptor.HeadLength = 1;
        descriptor.Head[0] = content;
        descriptor.SliceCount = 1;
        descriptor.Slices[0] = new LinkSlice((uint)frame, 0, (uint)length);
        unsafe
        {
            new Span<byte>((byte*)arena.Memory + (frame * FrameSize), length).Fill(content);
        }

        return descriptor;
    }

    /// <summary>Takes so many frames.</summary>
    public static LinkDescriptor[] Receive(UdpLink link, int count)
    {
        LinkDescriptor[] received = new LinkDescriptor[count];
        int have = 0;
        for (int i = 0; i < Patience && have < count; i++)
        {
            have += link.Link.Receive(received.AsSpan(have));
            if (have < count)
            {
                link.Link.Wait(Instant.Millisecond);
            }
        }

        Assert.That(have, Is.EqualTo(count), "frames that arrived");
        return received;
    }

    public static NodeId SourceOf(ref LinkDescriptor descriptor)
    {
        Assert.That(LinkHeader.TryRead(descriptor.Header, out LinkHeader header), Is.True);
        return header.Source;
    }

    /// <summary>The packet of a received frame.</summary>
    public static byte[] PacketOf(UdpLink link, ref LinkDescriptor descriptor)
    {
        Assert.That((descriptor.HeadLength, descriptor.SliceCount), Is.EqualTo((0, 1)));
        LinkSlice slice = descriptor.Slices[0];
        byte[] packet = new byte[slice.Length];
        Marshal.Copy(link.Link.PeerMemory + (int)((slice.Frame * link.Link.PeerFrameSize) + slice.Offset), packet, 0, packet.Length);
        return packet;
    }

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
        ArenaA.Dispose();
        ArenaB.Dispose();
    }
}
