using NexStream.Core.Events;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Oracles;

/// <summary>What one side's application gave to a stream: what the other side may read, and has to if nothing broke.</summary>
internal sealed class SentHalf(ulong tag, uint id, TransportMode mode)
{
    /// <summary>Messages shorter than this cannot carry their index, and are only counted by their length.</summary>
    public const int IndexedMin = 8;

    private readonly List<SentMessage> _messages = [];
    private readonly int[] _short = new int[IndexedMin];

    public ulong Key { get; } = Pattern.Key(tag, id);

    public TransportMode Mode { get; } = mode;

    public string Name { get; } = $"{mode} stream {id:x} to {tag:x}";

    /// <summary>RO: bytes so far.</summary>
    public long Bytes { get; private set; }

    public int MessageCount => _messages.Count;

    /// <summary>The application has finished it.</summary>
    public bool IsFinished { get; set; }

    /// <summary>Given up, by either side, by the core or by the end of the connection or of the host: then nothing has to arrive any more.</summary>
    public bool IsBroken { get; set; }

    /// <summary>RO: the core took so many bytes of <see cref="Fill"/>.</summary>
    public void OnBytes(int count) => Bytes += count;

    /// <summary>The core took a message.</summary>
    public void OnMessage(int length, bool isReported, bool mayExpire)
    {
        _messages.Add(new SentMessage { Length = length, IsReported = isReported, MayExpire = mayExpire });
        if (length < IndexedMin)
        {
            _short[length]++;
        }
    }

    /// <summary>Writes the next bytes, or the next message.</summary>
    public void Fill(Span<byte> destination, int offset = 0)
    {
        if (Mode == TransportMode.ReliableOrdered)
        {
            Pattern.Fill(destination, Key, Bytes + offset);
            return;
        }

        throw new InvalidOperationException("Messages are written whole.");
    }

    /// <summary>Writes a part of the next message, which has <paramref name="length"/> bytes in all.</summary>
    public void FillMessage(Span<byte> destination, int offset, int length) => FillMessage(destination, offset, length, _messages.Count);

    /// <summary>Whether a part of a message that was read is what was sent.</summary>
    public bool IsMessagePart(ReadOnlySpan<byte> bytes, int offset, int length, int index)
    {
        Span<byte> expected = stackalloc byte[256];
        for (int i = 0; i < bytes.Length; i += expected.Length)
        {
            Span<byte> part = expected[..Math.Min(expected.Length, bytes.Length - i)];
            FillMessage(part, offset + i, length, index);
            if (!part.SequenceEqual(bytes.Slice(i, part.Length)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A message was read. Says what is wrong with that, or nothing.</summary>
    public string? OnRead(int index, int length)
    {
        if (length < IndexedMin)
        {
            return --_short[length] < 0 ? $"a message of {length} bytes was read that was not sent, or twice" : null;
        }

        if (index < 0 || index >= _messages.Count || _messages[index].Length != length)
        {
            return $"message {index} of {length} bytes was read, and not sent";
        }

        if (_messages[index].IsRead)
        {
            return $"message {index} was read twice";
        }

        _messages[index] = _messages[index] with { IsRead = true };
        return null;
    }

    /// <summary>The core says how a message ended. Says what is wrong with that, or nothing.</summary>
    public string? OnReport(ulong index, EventKind outcome)
    {
        if (index >= (ulong)_messages.Count || !_messages[(int)index].IsReported)
        {
            return $"the end of message {index} is reported, and nobody asked";
        }

        if (_messages[(int)index].IsTold)
        {
            return $"the end of message {index} is reported twice";
        }

        _messages[(int)index] = _messages[(int)index] with { IsTold = true, IsAcknowledged = outcome == EventKind.MessageAcknowledged };
        return null;
    }

    /// <summary>Everything ended: a message whose end was to be reported and was not, or nothing.</summary>
    public string? MissingReport()
    {
        int index = _messages.FindIndex(message => message.IsReported && !message.IsTold);
        return index < 0 ? null : $"{Name}: the end of message {index} was never reported";
    }

    /// <summary>The reader has seen the end of an RU stream: a message that it should have seen and has not, or nothing.</summary>
    public string? MissingMessage()
    {
        int index = _messages.FindIndex(message => message.Length >= IndexedMin && !message.IsRead && (!message.MayExpire || message.IsAcknowledged));
        return index < 0 ? null : $"{Name}: message {index} of {_messages[index].Length} bytes never arrived";
    }

    private void FillMessage(Span<byte> destination, int offset, int length, int index)
    {
        if (length < IndexedMin)
        {
            Pattern.Fill(destination, Key, offset);
            return;
        }

        Pattern.Fill(destination, Pattern.Key(Key, (ulong)index), offset);
        for (int i = offset; i < sizeof(int) && i - offset < destination.Length; i++)
        {
            destination[i - offset] = (byte)((index >> (8 * i)) & 0xff);
        }
    }

    private readonly record struct SentMessage
    {
        public int Length { get; init; }

        public bool IsReported { get; init; }

        public bool MayExpire { get; init; }

        public bool IsRead { get; init; }

        public bool IsTold { get; init; }

        public bool IsAcknowledged { get; init; }
    }
}
