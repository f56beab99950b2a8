using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Core.Wire;

namespace NexStream.Driver.Links;

/// <summary>
/// What travels over a link, nexlink_descriptor of nexlink.h: the NexLink header, the packet's leading bytes, and where in the sender's
/// arena the rest of the packet lies. 512 bytes, eight cache lines, of which a packet with a short head touches three.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public struct LinkDescriptor
{
    /// <summary>Bytes of a descriptor: NEXLINK_DESCRIPTOR_SIZE.</summary>
    public const int Size = 512;

    /// <summary>Bytes in front of the head: what a copy of a descriptor must take in any case.</summary>
    internal const int PrefixSize = 128;

    [FieldOffset(0)]
    private HeaderBytes _header;

    [FieldOffset(48)]
    private SliceEntries _slices;

    /// <summary>Bytes of the head in use; at most <see cref="Transmission.HeadCapacity"/>.</summary>
    [FieldOffset(96)]
    public ushort HeadLength;

    /// <summary>Slices in use; at most <see cref="Transmission.SliceCountMax"/>.</summary>
    [FieldOffset(98)]
    public ushort SliceCount;

    /// <summary>The peer's epoch, set when the descriptor is received.</summary>
    [FieldOffset(100)]
    public uint Epoch;

    [FieldOffset(PrefixSize)]
    private HeadBytes _head;

    /// <summary>The NexLink header: <see cref="LinkHeader.Size"/> bytes in network byte order.</summary>
    [UnscopedRef]
    public Span<byte> Header => _header;

    /// <summary>Room for all slices; the first <see cref="SliceCount"/> are in use.</summary>
    [UnscopedRef]
    public Span<LinkSlice> Slices => _slices;

    /// <summary>Room for the whole head; the first <see cref="HeadLength"/> bytes are in use.</summary>
    [UnscopedRef]
    public Span<byte> Head => _head;

    [InlineArray(LinkHeader.Size)]
    private struct HeaderBytes
    {
        private byte _first;
    }

    [InlineArray(Transmission.SliceCountMax)]
    private struct SliceEntries
    {
        private LinkSlice _first;
    }

    [InlineArray(Transmission.HeadCapacity)]
    private struct HeadBytes
    {
        private byte _first;
    }
}
