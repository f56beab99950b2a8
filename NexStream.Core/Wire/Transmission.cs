using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;

namespace NexStream.Core.Wire;

/// <summary>
/// A NexLink frame on its way out of the core: the NexLink header, the packet's leading bytes (packet header, control frames, data
/// header) and up to <see cref="SliceCountMax"/> slices of payload. The core has taken one reference for each slice on the link's
/// behalf: the link gives it back with the endpoint's <c>ReleaseFrame</c> when nothing reads the bytes any more.
/// Reuse one instance for every call.
/// </summary>
public sealed class Transmission
{
    /// <summary>Room for the packet's leading bytes. With the 48-byte header, the slices and the counts it fits a 512-byte ring descriptor.</summary>
    public const int HeadCapacity = 384;

    /// <summary>The most slices that one packet's payload may have.</summary>
    public const int SliceCountMax = 4;

    private HeadBuffer _head;
    private SliceBuffer _slices;

    /// <summary>The NexLink header.</summary>
    public LinkHeader Header;

    /// <summary>Bytes of the head in use.</summary>
    public int HeadLength { get; internal set; }

    /// <summary>Slices in use.</summary>
    public int SliceCount { get; internal set; }

    /// <summary>The packet's leading bytes.</summary>
    public ReadOnlySpan<byte> Head
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => HeadStorage[..HeadLength];
    }

    /// <summary>The packet's payload.</summary>
    public ReadOnlySpan<PayloadSlice> Slices
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => SliceStorage[..SliceCount];
    }

    /// <summary>Bytes of the packet: head and payload.</summary>
    public int PacketLength
    {
        get
        {
            int length = HeadLength;
            foreach (ref readonly PayloadSlice slice in Slices)
            {
                length += slice.Length;
            }

            return length;
        }
    }

    internal Span<byte> HeadStorage => _head;

    internal Span<PayloadSlice> SliceStorage => _slices;

    [InlineArray(HeadCapacity)]
    private struct HeadBuffer
    {
        private byte _first;
    }

    [InlineArray(SliceCountMax)]
    private struct SliceBuffer
    {
        private PayloadSlice _first;
    }
}
