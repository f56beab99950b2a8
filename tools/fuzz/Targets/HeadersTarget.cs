using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tools.Fuzz.Targets;

/// <summary>
/// Headers of links, packets and frames of every type: what is read is written again, and what was written is read and written once more. The two writings
/// have to be the same, and the first has to say what was read.
/// </summary>
internal sealed class HeadersTarget : IFuzzTarget
{
    private const int FrameMax = 1024;

    /// <summary>Type and flags, in front of a frame's payload.</summary>
    private const int ChoiceSize = 2;

    private static readonly FrameType[] s_types = Enum.GetValues<FrameType>();

    private readonly byte[] _first = new byte[FrameMax];
    private readonly byte[] _second = new byte[FrameMax];

    public string Name => "headers";

    public string Description => "link and packet headers and every frame's fields, read, written, read and written again";

    public long DefaultIterations => 200_000;

    public int InputMax => ChoiceSize + 256;

    public int Generate(ref FuzzRandom random, Span<byte> input)
    {
        int length = ChoiceSize + (random.OneIn(4) ? random.Below(InputMax - ChoiceSize) : random.Below(64));
        random.Fill(input[..length]);
        for (int i = ChoiceSize; i < length; i++)
        {
            // Zeros and ones are frequent, so that lengths and counts often make sense.
            input[i] = (input[i] & 7) switch { < 3 => 0, 3 => 1, _ => (byte)(random.Next() & 0xFF) };
        }

        if (random.OneIn(2))
        {
            input[1] = 0;
        }

        return length;
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < ChoiceSize)
        {
            return;
        }

        ReadOnlySpan<byte> body = input[ChoiceSize..];
        LinkHeaderAgain(body);
        PacketHeaderAgain(body);
        var raw = new RawFrame(s_types[input[0] % s_types.Length], input[1], body);
        var first = new FrameWriter(_first);
        if (!FrameCodec.TryRecode(raw, ref first))
        {
            return;
        }

        var reader = new FrameReader(_first.AsSpan(0, first.Length));
        var second = new FrameWriter(_second);
        if (!reader.TryRead(out RawFrame written) || written.Type != raw.Type || !FrameCodec.TryRecode(written, ref second))
        {
            throw new FuzzFailureException($"{raw.Type} was read, written and then refused.");
        }

        if (!_first.AsSpan(0, first.Length).SequenceEqual(_second.AsSpan(0, second.Length)))
        {
            throw new FuzzFailureException($"{raw.Type} changes each time that it is written.");
        }

        WrittenFields.Check(raw, written);
    }

    private void LinkHeaderAgain(ReadOnlySpan<byte> body)
    {
        if (!LinkHeader.TryRead(body, out LinkHeader header))
        {
            return;
        }

        header.Write(_first);
        for (int i = 0; i < LinkHeader.Size; i++)
        {
            // Six bits of the second byte are reserved.
            if (((_first[i] ^ body[i]) & (i == 1 ? 0b11 : 0xFF)) != 0)
            {
                throw new FuzzFailureException($"Byte {i} of a link header was {body[i]:x2}, and is written as {_first[i]:x2}.");
            }
        }
    }

    private void PacketHeaderAgain(ReadOnlySpan<byte> body)
    {
        if (!PacketHeader.TryRead(body, out PacketHeader header))
        {
            return;
        }

        header.Write(_first);
        for (int i = 0; i < PacketHeader.Size; i++)
        {
            // Bytes 10 and 11 are reserved.
            if (i is not 10 and not 11 && _first[i] != body[i])
            {
                throw new FuzzFailureException($"Byte {i} of a packet header was {body[i]:x2}, and is written as {_first[i]:x2}.");
            }
        }

        OrderedHeadAgain(header, body);
        MessageHeadAgain(header, body);
        RepairHeadAgain(header, body);
    }

    /// <summary>The two ways to read and write the head of a packet with bytes of a stream alone agree.</summary>
    private void OrderedHeadAgain(in PacketHeader header, ReadOnlySpan<byte> body)
    {
        if (body.Length < OrderedHead.Size || DataHead.In(body).Frame != OrderedHead.Frame)
        {
            return;
        }

        ref readonly OrderedHead head = ref OrderedHead.In(body);
        if (!DataFrame.TryRead(body[PacketHeader.Size..], out DataFrame frame, out _))
        {
            if (head.Position <= WireLimits.PositionMax)
            {
                throw new FuzzFailureException("One reader takes the head of a packet with bytes of a stream, the other refuses it.");
            }

            return;
        }

        if (frame.Mode != TransportMode.ReliableOrdered || frame.Fin || frame.StreamId != DataHead.In(body).StreamId || frame.Position != head.Position || header.Tag != DataHead.In(body).Tag)
        {
            throw new FuzzFailureException("The two readers of the head of a packet with bytes of a stream do not agree.");
        }

        OrderedHead.Write(_first, DataHead.Of(header.Tag, header.PathId, OrderedHead.Frame, frame.StreamId), header.Flags, header.PacketNumber, frame.Position);
        var writer = new FrameWriter(_second.AsSpan(PacketHeader.Size));
        header.Write(_second);
        if (!frame.TryWrite(ref writer) || !_first.AsSpan(0, OrderedHead.Size).SequenceEqual(_second.AsSpan(0, PacketHeader.Size + writer.Length)))
        {
            throw new FuzzFailureException("The two writers of the head of a packet with bytes of a stream do not agree.");
        }
    }

    /// <summary>The same for a packet with a repair alone.</summary>
    private void RepairHeadAgain(in PacketHeader header, ReadOnlySpan<byte> body)
    {
        if (body.Length < RepairFrame.HeadSize || DataHead.In(body).Frame != RepairFrame.Start
            || !RepairFrame.TryRead(body[PacketHeader.Size..RepairFrame.HeadSize], out RepairFrame frame, out ReadOnlySpan<byte> rest))
        {
            return;
        }

        if (!rest.IsEmpty || frame.StreamId != DataHead.In(body).StreamId)
        {
            throw new FuzzFailureException("The two readers of the head of a packet with a repair do not agree.");
        }

        frame.WriteFields(_first.AsSpan(PacketHeader.Size + RawFrame.HeaderSize));
        DataHead.Of(header.Tag, header.PathId, RepairFrame.Start, frame.StreamId).Write(_first, header.Flags, header.PacketNumber);
        var writer = new FrameWriter(_second.AsSpan(PacketHeader.Size));
        header.Write(_second);
        if (!frame.TryWrite(ref writer) || !_first.AsSpan(0, RepairFrame.HeadSize).SequenceEqual(_second.AsSpan(0, PacketHeader.Size + writer.Length)))
        {
            throw new FuzzFailureException("The two writers of the head of a packet with a repair do not agree.");
        }
    }

    /// <summary>The same for a packet with a whole message alone: where the head says that it is one, the readers agree, and the writers do.</summary>
    private void MessageHeadAgain(in PacketHeader header, ReadOnlySpan<byte> body)
    {
        for (int size = DataHead.Size; size <= body.Length; size++)
        {
            ReadOnlySpan<byte> head = body[..size];
            if (!MessageHead.IsLength(size) || !MessageHead.TryRead(head, out MessageForm form)
                || !DataFrame.TryRead(head[PacketHeader.Size..], out DataFrame frame, out ReadOnlySpan<byte> rest))
            {
                continue;
            }

            bool isReliable = form == MessageForm.Reliable;
            bool isWhole = isReliable && MessageHead.IsWhole(head, (int)frame.MessageLength);
            if (frame.Mode != MessageHead.ModeOf(form) || frame.Fin || !rest.IsEmpty || frame.HasSequence != (form == MessageForm.Numbered)
                || frame.IsGrouped != (form == MessageForm.Grouped) || frame.StreamId != DataHead.In(head).StreamId
                || (MessageHead.HasNumber(form) && frame.Position != MessageHead.NumberIn(head))
                || (frame.IsGrouped && frame.GroupIndex != MessageHead.PlaceIn(head))
                || (isReliable && isWhole != (frame.FragmentOffset == 0)))
            {
                throw new FuzzFailureException("The two readers of the head of a packet with a message do not agree.");
            }

            if (isReliable && !isWhole)
            {
                continue;
            }

            DataHead.Of(header.Tag, header.PathId, MessageHead.FrameOf(form), frame.StreamId).Write(_first, header.Flags, header.PacketNumber);
            MessageHead.Write(_first, form, frame.Position, (int)frame.MessageLength, frame.GroupIndex);
            var writer = new FrameWriter(_second.AsSpan(PacketHeader.Size));
            header.Write(_second);
            if (!frame.TryWrite(ref writer) || !_first.AsSpan(0, size).SequenceEqual(_second.AsSpan(0, PacketHeader.Size + writer.Length)))
            {
                throw new FuzzFailureException("The two writers of the head of a packet with a message do not agree.");
            }
        }
    }
}
