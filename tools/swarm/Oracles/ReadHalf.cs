using System.Buffers.Binary;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Oracles;

/// <summary>What one side's application reads of a stream, held against what the other side's gave to it.</summary>
internal sealed class ReadHalf(SentHalf sent)
{
    private long _position;

    /// <summary>What the other side sends.</summary>
    public SentHalf Sent { get; } = sent;

    /// <summary>The reader has seen the end.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>The reader gave up, or was told that the stream was reset.</summary>
    public bool IsBroken { get; set; }

    /// <summary>RO: bytes came, in order.</summary>
    public void OnBytes(ReadOnlySpan<byte> bytes)
    {
        if (IsEnded)
        {
            throw new SwarmFailureException("in order, once", $"{Sent.Name}: bytes behind the end of the stream");
        }

        if (_position + bytes.Length > Sent.Bytes)
        {
            throw new SwarmFailureException("no wrong byte", $"{Sent.Name}: {_position + bytes.Length} bytes were read, {Sent.Bytes} sent");
        }

        if (!Pattern.Matches(bytes, Sent.Key, _position))
        {
            throw new SwarmFailureException("no wrong byte", $"{Sent.Name}: not what was sent at {_position}, {bytes.Length} bytes");
        }

        _position += bytes.Length;
    }

    /// <summary>A message came, whole, in one piece.</summary>
    public void OnMessage(ReadOnlySpan<byte> message) => OnMessage(message, message.Length, IndexOf(message, message.Length));

    /// <summary>The index that a message carries in its first bytes; -1: it is too short for one.</summary>
    public static int IndexOf(ReadOnlySpan<byte> first, int length) => length < SentHalf.IndexedMin ? -1 : BinaryPrimitives.ReadInt32LittleEndian(first);

    /// <summary>A message came whose first part this is; the other parts are checked by <see cref="OnMessagePart"/>.</summary>
    public void OnMessage(ReadOnlySpan<byte> first, int length, int index)
    {
        if (IsEnded)
        {
            throw new SwarmFailureException("once", $"{Sent.Name}: a message behind the end of the stream");
        }

        if (Sent.OnRead(index, length) is { } wrong)
        {
            throw new SwarmFailureException("once", $"{Sent.Name}: {wrong}");
        }

        OnMessagePart(first, 0, length, index);
    }

    /// <summary>A part of a message.</summary>
    public void OnMessagePart(ReadOnlySpan<byte> part, int offset, int length, int index)
    {
        if (!Sent.IsMessagePart(part, offset, length, index))
        {
            throw new SwarmFailureException("no wrong byte", $"{Sent.Name}: message {index} of {length} bytes is not what was sent, from {offset} on");
        }
    }

    /// <summary>The reader was told that this was all.</summary>
    public void OnEnd()
    {
        if (IsEnded)
        {
            throw new SwarmFailureException("in order, once", $"{Sent.Name}: the end came twice");
        }

        IsEnded = true;
        if (!Sent.IsFinished)
        {
            throw new SwarmFailureException("in order, once", $"{Sent.Name}: the end came, and the sender had not finished");
        }

        CheckComplete();
    }

    /// <summary>Everything has ended: what had to arrive has.</summary>
    public void CheckComplete()
    {
        if (Sent.Mode == TransportMode.ReliableOrdered && _position != Sent.Bytes)
        {
            throw new SwarmFailureException("complete", $"{Sent.Name}: {_position} of {Sent.Bytes} bytes arrived");
        }

        if (Sent.Mode == TransportMode.ReliableUnordered && Sent.MissingMessage() is { } missing)
        {
            throw new SwarmFailureException("complete", missing);
        }
    }
}
