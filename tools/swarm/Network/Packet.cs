using NexStream.Core.Buffers;
using NexStream.Core.Wire;
using NexStream.Swarm.Hosts;

namespace NexStream.Swarm.Network;

/// <summary>A NexLink frame on its way. Packets are used again: a world sends thousands.</summary>
internal sealed class Packet
{
    /// <summary>The longest packet that a world's configurations allow, with room for changes on the way.</summary>
    public const int Capacity = 4_200;

    public readonly byte[] Bytes = new byte[Capacity];
    public readonly PayloadSlice[] Slices = new PayloadSlice[Transmission.SliceCountMax];
    public LinkHeader Header;

    /// <summary>Bytes of it that are here; the rest lies in slices of <see cref="Sender"/>'s arena, one hold for each.</summary>
    public int Length;
    public int SliceCount;

    /// <summary>Whose memory the slices lie in; null where there are none.</summary>
    public Host? Sender;

    /// <summary>Whether it is as an endpoint sent it.</summary>
    public bool IsGenuine;

    public Span<byte> Content => Bytes.AsSpan(0, Length);

    /// <summary>Makes this a copy of another, all of it in its own bytes.</summary>
    public void CopyFrom(Packet other)
    {
        Header = other.Header;
        other.Content.CopyTo(Bytes);
        Length = other.Length;
        for (int i = 0; i < other.SliceCount; i++)
        {
            PayloadSlice slice = other.Slices[i];
            other.Sender!.Endpoint.Arena.Bytes(slice.Index, slice.Offset, slice.Length).CopyTo(Bytes.AsSpan(Length));
            Length += slice.Length;
        }

        SliceCount = 0;
        Sender = null;
        IsGenuine = other.IsGenuine;
    }
}
