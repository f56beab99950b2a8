using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Wire;

/// <summary>
/// The head of a packet that has nothing in it but a message, or a part of one: <see cref="DataHead"/>, the number where it travels, in Reliable-Unordered the message's
/// length, and where in it the payload begins, and in Probabilistic its place in a group.
/// </summary>
internal static class MessageHead
{
    private const int NumberAt = DataHead.Size;
    private const int BehindNumber = NumberAt + sizeof(ulong);
    private const int PlaceShift = 24;

    /// <summary>Bytes on the wire in Reliable-Unordered.</summary>
    public const int ReliableSize = BehindNumber + sizeof(ulong);

    /// <summary>Whether a packet's head can be one of these, by its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLength(int bytes) => bytes is DataHead.Size or BehindNumber or (BehindNumber + sizeof(uint)) or ReliableSize;

    /// <summary>Bytes on the wire.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SizeOf(MessageForm form) => form switch
    {
        MessageForm.Unnumbered => DataHead.Size,
        MessageForm.Grouped => BehindNumber + sizeof(uint),
        MessageForm.Reliable => ReliableSize,
        _ => BehindNumber,
    };

    /// <summary>The mode of the stream.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TransportMode ModeOf(MessageForm form) => form switch
    {
        MessageForm.Reliable => TransportMode.ReliableUnordered,
        MessageForm.Unnumbered or MessageForm.Numbered => TransportMode.BestEffort,
        _ => TransportMode.Probabilistic,
    };

    /// <summary>What the frame begins with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FrameOf(MessageForm form) => form switch
    {
        MessageForm.Reliable => DataFrame.StartOf(TransportMode.ReliableUnordered, hasSequence: false),
        MessageForm.Unnumbered => DataFrame.StartOf(TransportMode.BestEffort, hasSequence: false),
        MessageForm.Numbered => DataFrame.StartOf(TransportMode.BestEffort, hasSequence: true),
        MessageForm.Probabilistic => DataFrame.StartOf(TransportMode.Probabilistic, hasSequence: false),
        _ => DataFrame.StartOf(TransportMode.Probabilistic, hasSequence: false, isGrouped: true),
    };

    /// <summary>Whether <see cref="ModeOf"/> is Probabilistic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsProbabilistic(MessageForm form) => form is MessageForm.Probabilistic or MessageForm.Grouped;

    /// <summary>Whether the message's number is in the head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasNumber(MessageForm form) => form != MessageForm.Unnumbered;

    /// <summary>Writes what stands behind <see cref="DataHead"/>, which is written by itself.</summary>
    /// <param name="destination">The head.</param>
    /// <param name="form">What is said of the message.</param>
    /// <param name="number">Its number, if it has one.</param>
    /// <param name="length">Reliable-Unordered: its bytes.</param>
    /// <param name="place">Probabilistic: its place in its group, if it is in one.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Span<byte> destination, MessageForm form, ulong number, int length, int place = 0)
    {
        if (form != MessageForm.Unnumbered)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[NumberAt..], number);
        }

        if (form == MessageForm.Reliable)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[BehindNumber..], PartOf(length, offset: 0));
        }
        else if (form == MessageForm.Grouped)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[BehindNumber..], (uint)place << PlaceShift);
        }
    }

    /// <summary>The same for a part of a message of Reliable-Unordered.</summary>
    /// <param name="destination">The head.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="messageLength">Its bytes.</param>
    /// <param name="offset">Where in it the payload begins.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WritePart(Span<byte> destination, ulong number, int messageLength, int offset)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[NumberAt..], number);
        BinaryPrimitives.WriteUInt64BigEndian(destination[BehindNumber..], PartOf(messageLength, offset));
    }

    /// <summary>What a head says before it names the message. False: it is of another kind of packet.</summary>
    /// <param name="head">The head, at least a <see cref="DataHead"/>.</param>
    /// <param name="form">What is said of the message.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> head, out MessageForm form)
    {
        uint frame = DataHead.In(head).Frame;
        form = frame == FrameOf(MessageForm.Reliable) ? MessageForm.Reliable
            : frame == FrameOf(MessageForm.Unnumbered) ? MessageForm.Unnumbered
            : frame == FrameOf(MessageForm.Numbered) ? MessageForm.Numbered
            : frame == FrameOf(MessageForm.Probabilistic) ? MessageForm.Probabilistic
            : MessageForm.Grouped;
        return frame == FrameOf(form) && head.Length == SizeOf(form);
    }

    /// <summary>The message's number; the head has one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong NumberIn(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadUInt64BigEndian(head[NumberAt..]);

    /// <summary>Whether the payload of a Reliable-Unordered packet is a message of this length from its beginning to its end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsWhole(ReadOnlySpan<byte> head, int length) => BinaryPrimitives.ReadUInt64BigEndian(head[BehindNumber..]) == PartOf(length, offset: 0);

    /// <summary>Whether the payload of a Reliable-Unordered packet begins there in the message with this number and length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPart(ReadOnlySpan<byte> head, ulong number, int messageLength, int offset) =>
        BinaryPrimitives.ReadUInt64BigEndian(head[BehindNumber..]) == PartOf(messageLength, offset) && NumberIn(head) == number;

    /// <summary>Bytes of the message whose payload, or a part of it, a Reliable-Unordered packet carries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint LengthIn(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadUInt32BigEndian(head[BehindNumber..]);

    /// <summary>The message's place in its group; the head names it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaceIn(ReadOnlySpan<byte> head) => head[BehindNumber];

    /// <summary>What a Reliable-Unordered packet says of its part of a message, as one word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PartOf(int messageLength, int offset) => ((ulong)(uint)messageLength << 32) | (uint)offset;
}
