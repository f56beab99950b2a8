using NexStream.Core.Buffers;

namespace NexStream.Core.Wire;

/// <summary>
/// A NexLink frame on its way into the core. The packet is <see cref="Head"/> followed by <see cref="Payload"/>. With a frame that
/// lies in registered memory the caller hands over one reference for each slice, and one for <see cref="HeadFrame"/>: the core owns
/// them from then on, also when it drops the packet.
/// </summary>
public readonly ref struct LinkFrame
{
    private readonly ref readonly LinkHeader _header;

    /// <summary>A frame whose bytes belong to the caller and are valid for the call only; the core copies what it must keep.</summary>
    public LinkFrame(in LinkHeader header, ReadOnlySpan<byte> packet)
    {
        _header = ref header;
        Head = packet;
        HeadFrame = PayloadSlice.NoFrame;
    }

    /// <summary>A frame whose leading bytes were copied out of a descriptor and whose payload lies in registered memory.</summary>
    public LinkFrame(in LinkHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<PayloadSlice> payload)
    {
        _header = ref header;
        Head = head;
        Payload = payload;
        HeadFrame = PayloadSlice.NoFrame;
    }

    /// <summary>A frame that lies whole in the endpoint's own arena, as a network link receives it.</summary>
    public LinkFrame(in LinkHeader header, ReadOnlySpan<byte> packet, uint frame, int offset)
    {
        _header = ref header;
        Head = packet;
        HeadFrame = frame;
        HeadOffset = offset;
    }

    /// <summary>The NexLink header: the caller's, not a copy, so that it must not change during the call.</summary>
    public ref readonly LinkHeader Header => ref _header;

    /// <summary>The packet's leading bytes, in memory that nobody else writes while the core reads it: at least all headers.</summary>
    public readonly ReadOnlySpan<byte> Head;

    /// <summary>The rest of the packet, as slices of registered memory.</summary>
    public readonly ReadOnlySpan<PayloadSlice> Payload;

    /// <summary>The arena frame that <see cref="Head"/> lies in, or <see cref="PayloadSlice.NoFrame"/>.</summary>
    public readonly uint HeadFrame;

    /// <summary>Where in that frame <see cref="Head"/> begins.</summary>
    public readonly int HeadOffset;
}
