using System.Runtime.CompilerServices;
using NexStream.Core.Wire;
using NexStream.Driver.Links;

namespace NexStream.Tests.Driver.Links;

/// <summary>Sizes and offsets of what nexlink.h declares, as a C compiler lays it out on a 64-bit machine.</summary>
[TestFixture]
public sealed class LinkLayoutTests
{
    [Test]
    public void LinkDescriptor_Layout_IsThatOfTheHeader()
    {
        LinkDescriptor descriptor = default;
        Assert.That(Unsafe.SizeOf<LinkDescriptor>(), Is.EqualTo(512));
        Assert.That(Offset(ref descriptor, ref descriptor.Header[0]), Is.Zero);
        Assert.That(Offset(ref descriptor, ref Unsafe.As<LinkSlice, byte>(ref descriptor.Slices[0])), Is.EqualTo(48));
        Assert.That(Offset(ref descriptor, ref Unsafe.As<ushort, byte>(ref descriptor.HeadLength)), Is.EqualTo(96));
        Assert.That(Offset(ref descriptor, ref Unsafe.As<ushort, byte>(ref descriptor.SliceCount)), Is.EqualTo(98));
        Assert.That(Offset(ref descriptor, ref Unsafe.As<uint, byte>(ref descriptor.Epoch)), Is.EqualTo(100));
        Assert.That(Offset(ref descriptor, ref descriptor.Head[0]), Is.EqualTo(128));
        Assert.That(descriptor.Header.Length, Is.EqualTo(48));
        Assert.That(descriptor.Slices.Length, Is.EqualTo(4));
        Assert.That(descriptor.Head.Length, Is.EqualTo(384));
    }

    [Test]
    public void LinkDescriptor_Capacities_AreThoseOfATransmission()
    {
        LinkDescriptor descriptor = default;
        Assert.That(descriptor.Head.Length, Is.EqualTo(Transmission.HeadCapacity));
        Assert.That(descriptor.Slices.Length, Is.EqualTo(Transmission.SliceCountMax));
        Assert.That(descriptor.Header.Length, Is.EqualTo(LinkHeader.Size));
    }

    [Test]
    public unsafe void Records_Sizes_AreThoseOfTheHeader()
    {
        Assert.That(Unsafe.SizeOf<LinkSlice>(), Is.EqualTo(12));
        Assert.That(Unsafe.SizeOf<LinkRelease>(), Is.EqualTo(8));
        Assert.That(sizeof(NexLinkArenaInfo), Is.EqualTo(16));
        Assert.That(sizeof(NexLinkLinkInfo), Is.EqualTo(24));
        Assert.That(sizeof(NexLinkApi), Is.EqualTo(8 + (23 * 8)));
        Assert.That(sizeof(NexLinkUdpAddress), Is.EqualTo(24));
        Assert.That(sizeof(NexLinkUdpOptions), Is.EqualTo(48));
        Assert.That(sizeof(NexLinkUdpInfo), Is.EqualTo(152));
    }

    [Test]
    public unsafe void NexLinkApi_Order_IsThatOfTheHeader()
    {
        NexLinkApi api = default;
        byte* start = (byte*)&api;
        Assert.That((byte*)&api.Name - start, Is.EqualTo(8));
        Assert.That((byte*)&api.CreateLoop - start, Is.EqualTo(8 + (5 * 8)));
        Assert.That((byte*)&api.Connect - start, Is.EqualTo(8 + (9 * 8)));
        Assert.That((byte*)&api.Send - start, Is.EqualTo(8 + (11 * 8)));
        Assert.That((byte*)&api.Reclaim - start, Is.EqualTo(8 + (14 * 8)));
        Assert.That((byte*)&api.CloseLink - start, Is.EqualTo(8 + (17 * 8)));
        Assert.That((byte*)&api.UdpInfo - start, Is.EqualTo(8 + (21 * 8)));
        Assert.That((byte*)&api.Wake - start, Is.EqualTo(8 + (22 * 8)));
    }

    private static int Offset(ref LinkDescriptor descriptor, ref byte field) =>
        (int)Unsafe.ByteOffset(ref Unsafe.As<LinkDescriptor, byte>(ref descriptor), ref field);
}
