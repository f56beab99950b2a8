using NexStream.Core.Buffers;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Sending;

/// <summary>
/// One packet while it is written: the frames, and what has to be remembered until it is acknowledged. A protection layer would seal
/// the packet in <see cref="PacketFinisher"/>, when this is complete: the header is known, the slices are not changed any more.
/// </summary>
internal ref struct PacketBuilder
{
    private readonly int _room;

    public PacketBuilder(Wire.Transmission transmission, int frameLength)
    {
        Transmission = transmission;
        transmission.SliceCount = 0;
        _room = frameLength - LinkHeader.Size - PacketHeader.Size;
        int head = Math.Min(Wire.Transmission.HeadCapacity - PacketHeader.Size, _room);
        Writer = new FrameWriter(transmission.HeadStorage.Slice(PacketHeader.Size, head));
    }

    public readonly Wire.Transmission Transmission;

    public FrameWriter Writer;

    /// <summary>Payload bytes of the DATA frame, which is the last.</summary>
    public int PayloadLength;

    /// <summary>The segment that the packet carries, or -1.</summary>
    public int Segment = Slab<Segment>.None;

    /// <summary>Of bytes of an RO stream: where they begin, in which chunk, and how often they were lost. Their length is the payload's.</summary>
    public ulong Position;
    public int Chunk = Slab<Chunk>.None;
    public byte Losses;

    /// <summary>What holds for the packet beside what is seen when it leaves.</summary>
    public SentPacketFlags Flags;

    /// <summary>The stream whose data it carries, or -1.</summary>
    public int Stream = Slab<StreamState>.None;

    /// <summary>The datagram that it carries and that is to be reported, or -1.</summary>
    public int Message = Slab<OutboundMessage>.None;

    /// <summary>How many control records it may still take.</summary>
    public int ControlsLeft;

    /// <summary>The first of the control records, or -1.</summary>
    public int Control = Slab<ControlRecord>.None;

    /// <summary>The stream whose STREAM_OPEN the packet has, or -1.</summary>
    public int OpenedStream = Slab<StreamState>.None;

    /// <summary>The slot of its path, as a bit.</summary>
    public byte PathBit;

    public bool IsAckEliciting;

    /// <summary>It is padding, sent to see whether the path carries it.</summary>
    public bool IsMtuProbe;

    /// <summary>Whether no frame was written yet.</summary>
    public readonly bool IsEmpty => Writer.Length == 0;

    /// <summary>Bytes that the frame still has room for, headers and payload together.</summary>
    public readonly int Room => _room - Writer.Length;

    /// <summary>Bytes that a DATA frame's payload can have behind <paramref name="headers"/> bytes of frame headers; negative: none.</summary>
    public readonly int PayloadRoom(int headers) => headers > Writer.Remaining ? -1 : Room - headers;
}
