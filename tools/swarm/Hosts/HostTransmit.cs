using System.Buffers.Binary;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Network;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Hosts;

/// <summary>A host's links: what they do with frames that go out, and in which kinds of memory they hand over those that come in.</summary>
internal sealed class HostTransmit(World world, Host host)
{
    private readonly PayloadSlice[] _slices = new PayloadSlice[Transmission.SliceCountMax];
    private readonly byte[] _whole = new byte[Packet.Capacity];

    /// <summary>A frame goes out: as bytes, or over shared memory as slices that the other side maps.</summary>
    public void Send(Transmission transmission)
    {
        Packet packet = world.Packets.Take();
        packet.Header = transmission.Header;
        packet.IsGenuine = true;
        packet.SliceCount = 0;
        transmission.Head.CopyTo(packet.Bytes);
        packet.Length = transmission.HeadLength;
        world.Trace.OnSent(host, transmission);
        if (world.HasCreditOracle)
        {
            NameOffered(transmission.Head);
            world.Credit.OnSent(host, transmission.Head, transmission.PacketLength);
        }

        bool isShared = world.Plan.Has(Feature.SharedMemory);
        foreach (ref readonly PayloadSlice slice in transmission.Slices)
        {
            host.Holds.Add(slice);
            if (isShared)
            {
                packet.Slices[packet.SliceCount++] = slice;
                packet.Sender = host;
                continue;
            }

            host.Endpoint.Bytes(slice).CopyTo(packet.Bytes.AsSpan(packet.Length));
            packet.Length += slice.Length;
            if (host.Plan.HoldNs > 0 && !world.IsHealed)
            {
                host.Holds.KeepUntil(world.Now + host.Plan.HoldNs, slice);
            }
            else
            {
                host.Holds.Release(slice.Frame, 1);
            }
        }

        world.Fabric.Send(host.Index, packet);
    }

    /// <summary>A packet comes in.</summary>
    public void Deliver(Packet packet, Instant now, Draw draw)
    {
        if (packet.IsGenuine && world.HasCreditOracle)
        {
            world.Credit.OnArrived(packet.Content, BackOf(packet));
        }

        world.Trace.OnDelivered(host, packet);
        if (packet.SliceCount > 0)
        {
            DeliverShared(packet, now);
            return;
        }

        bool fits = packet.Length <= host.Plan.FrameSize;
        if (world.Plan.Has(Feature.FramesInArena) && fits && draw.OneIn(2) && host.Endpoint.Arena.TryAllocate(out int index))
        {
            // As a network link receives: into a frame of the arena, whose reference goes with it.
            Span<byte> bytes = host.Endpoint.Arena.Bytes(index, 0, packet.Length);
            packet.Content.CopyTo(bytes);
            host.Endpoint.Receive(new LinkFrame(packet.Header, bytes, PayloadSlice.FrameOf(0, index), 0), now);
            return;
        }

        host.Endpoint.Receive(new LinkFrame(packet.Header, packet.Content), now);
    }

    private void DeliverShared(Packet packet, Instant now)
    {
        Host owner = packet.Sender!;
        int region = host.Regions.NumberOf(owner);
        for (int i = 0; i < packet.SliceCount; i++)
        {
            PayloadSlice slice = packet.Slices[i];
            _slices[i] = new PayloadSlice(PayloadSlice.FrameOf(region, slice.Index), slice.Offset, slice.Length);
        }

        // The holds are the endpoint's from now on.
        int count = packet.SliceCount;
        packet.SliceCount = 0;
        packet.Sender = null;
        packet.Content.CopyTo(_whole);
        host.Endpoint.Receive(new LinkFrame(packet.Header, _whole.AsSpan(0, packet.Length), _slices.AsSpan(0, count)), now);
    }

    /// <summary>The tag of the connection whose path has this one; 0: there is none.</summary>
    public static ulong MainTagOf(EndpointState state, ulong tag) => OwnerOf(state, tag)?.LocalTag ?? 0;

    private static Connection? OwnerOf(EndpointState state, ulong tag)
    {
        // The lower bits of a tag are the path's place.
        const ulong IndexMask = (1UL << 20) - 1;
        int index = (int)(tag & IndexMask);
        return tag != 0 && index < state.Paths.Count && state.Paths[index].LocalTag == tag ? state.Paths[index].Owner : null;
    }

    /// <summary>What comes back on a path that this packet offers has the path's tag, and is the same connection's.</summary>
    private void NameOffered(ReadOnlySpan<byte> packet)
    {
        var reader = new FrameReader(packet[PacketHeader.Size..]);
        while (world.Plan.Has(Feature.Paths) && !reader.IsAtData && reader.TryRead(out RawFrame raw))
        {
            if (raw.Type == FrameType.PathOffer && PathOfferFrame.TryRead(raw, out PathOfferFrame offer))
            {
                world.Credit.OnPathOffered(offer.Tag, MainTagOf(host.Endpoint.State, offer.Tag));
            }
        }
    }

    /// <summary>The direction that this side sends in on the connection that a packet is for; 0: not known yet.</summary>
    private ulong BackOf(Packet packet) => packet.Length < PacketHeader.Size
        ? 0
        : OwnerOf(host.Endpoint.State, BinaryPrimitives.ReadUInt64BigEndian(packet.Bytes))?.PeerTag ?? 0;
}
