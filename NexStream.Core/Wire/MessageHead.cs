using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Wire;

/// <summary>
/// The head of a packet that has nothing in it but a whole message of Reliable-Unordered or Best-Effort: <see cref="DataHead"/>, the number where it
/// travels, and in Reliable-Unordered the length, and that it is not a part.
/// </summary>
internal static class MessageHead
{
    private const int NumberAt = DataHead.Size;
    private const int LengthAt = NumberAt + sizeof(ulong);

    /// <summary>Whether a packet's head can be one of these, by its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLength(int bytes) => bytes is DataHead.Size or LengthAt or (LengthAt + sizeof(ulong));

    /// <summary>Bytes on the wire.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SizeOf(bool isReliable, bool hasNumber) => DataHead.Size + (hasNumber ? sizeof(ulong) : 0) + (isReliable ? sizeof(ulong) : 0);

    /// <summary>What the frame begins with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FrameOf(bool isReliable, bool hasNumber) =>
        isReliable ? DataFrame.StartOf(TransportMode.ReliableUnordered, hasSequence: false)
        : hasNumber ? DataFrame.StartOf(TransportMode.BestEffort, hasSequence: true)
        : DataFrame.StartOf(TransportMode.BestEffort, hasSequence: false);

    /// <summary>Writes the head of a packet with a whole message, whose number does not travel where a Best-Effort stream has none (a reliable one has).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Span<byte> destination, in DataHead common, byte flags, uint number, bool isReliable, bool hasNumber, ulong message, int length)
    {
        common.Write(destination, flags, number);
        if (hasNumber)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[NumberAt..], message);
        }

        if (isReliable)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[LengthAt..], (ulong)(uint)length << 32);
        }
    }

    /// <summary>What a head says before it names the message. False: it is of another kind of packet.</summary>
    /// <param name="head">The head, at least a <see cref="DataHead"/>.</param>
    /// <param name="mode">The mode of the message.</param>
    /// <param name="hasNumber">Whether its number is there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> head, out TransportMode mode, out bool hasNumber)
    {
        uint frame = DataHead.In(head).Frame;
        mode = frame == DataFrame.StartOf(TransportMode.ReliableUnordered, hasSequence: false) ? TransportMode.ReliableUnordered : TransportMode.BestEffort;
        hasNumber = frame != DataFrame.StartOf(TransportMode.BestEffort, hasSequence: false);
        bool isReliable = mode == TransportMode.ReliableUnordered;
        return frame == FrameOf(isReliable, hasNumber) && head.Length == SizeOf(isReliable, hasNumber);
    }

    /// <summary>The message's number; the head has one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong NumberIn(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadUInt64BigEndian(head[NumberAt..]);

    /// <summary>Whether the payload of a Reliable-Unordered packet is a message of this length from its beginning to its end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsWhole(ReadOnlySpan<byte> head, int length) => BinaryPrimitives.ReadUInt64BigEndian(head[LengthAt..]) == (ulong)(uint)length << 32;
}
