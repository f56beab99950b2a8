using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tools.Fuzz.Targets;

/// <summary>The codec alone: a packet is read frame by frame, and each payload as every type there is.</summary>
internal sealed class FramesTarget : IFuzzTarget
{
    private const int ChangesMax = 6;

    private static readonly FrameType[] s_types = Enum.GetValues<FrameType>();

    public string Name => "frames";

    public string Description => "packet header, frame reader and every frame's TryRead over changed valid packets";

    public long DefaultIterations => 200_000;

    public int InputMax => 4096;

    public int Generate(ref FuzzRandom random, Span<byte> input)
    {
        byte[] packet = Corpus.Packets[random.Below(Corpus.Packets.Length)].Bytes;
        int length = Math.Min(packet.Length, input.Length);
        packet.AsSpan(0, length).CopyTo(input);
        Span<byte> bytes = stackalloc byte[16 * ChangesMax];
        random.Fill(bytes);
        var decisions = new Decisions(bytes);
        for (int changes = random.Below(ChangesMax + 1); changes > 0; changes--)
        {
            length = Mutator.Apply(ref decisions, input, length);
        }

        return length;
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        _ = LinkHeader.TryRead(input, out _);
        if (!PacketHeader.TryRead(input, out _))
        {
            return;
        }

        var reader = new FrameReader(input[PacketHeader.Size..]);
        int before = reader.Remaining.Length;
        while (reader.TryRead(out RawFrame raw))
        {
            int after = reader.Remaining.Length;
            if (before - after != RawFrame.HeaderSize + raw.Payload.Length)
            {
                throw new FuzzFailureException($"A frame of {raw.Payload.Length} bytes moved the reader by {before - after}.");
            }

            before = after;
            Read(raw);
            foreach (FrameType type in s_types)
            {
                Read(new RawFrame(type, raw.Flags, raw.Payload));
            }
        }
    }

    private static void Read(in RawFrame raw)
    {
        switch (raw.Type)
        {
            case FrameType.ConnInit: _ = ConnInitFrame.TryRead(raw, out _); break;
            case FrameType.ConnAccept: _ = ConnAcceptFrame.TryRead(raw, out _); break;
            case FrameType.ConnClose: ReadClose(raw); break;
            case FrameType.ConnCloseAck: _ = ConnCloseAckFrame.TryRead(raw, out _); break;
            case FrameType.ConnRetry: _ = ConnRetryFrame.TryRead(raw, out _); break;
            case FrameType.MaxStreams: _ = MaxStreamsFrame.TryRead(raw, out _); break;
            case FrameType.PathOffer: _ = PathOfferFrame.TryRead(raw, out _); break;
            case FrameType.PathClose: _ = PathCloseFrame.TryRead(raw, out _); break;
            case FrameType.Data: ReadData(raw); break;
            case FrameType.StreamOpen: _ = StreamOpenFrame.TryRead(raw, out _); break;
            case FrameType.StreamAck: _ = StreamAckFrame.TryRead(raw, out _); break;
            case FrameType.StreamClose: _ = StreamCloseFrame.TryRead(raw, out _); break;
            case FrameType.StreamReset: _ = StreamResetFrame.TryRead(raw, out _); break;
            case FrameType.StreamCloseAck: _ = StreamCloseAckFrame.TryRead(raw, out _); break;
            case FrameType.DataAck: ReadAck(raw); break;
            case FrameType.DataNack: ReadNack(raw); break;
            case FrameType.WindowUpdate: _ = WindowUpdateFrame.TryRead(raw, out _); break;
            case FrameType.DataSkip: _ = DataSkipFrame.TryRead(raw, out _); break;
            case FrameType.Repair: _ = RepairFrame.TryRead(raw, out _); break;
            case FrameType.ReceiverReport: _ = ReceiverReportFrame.TryRead(raw, out _); break;
            case FrameType.Padding: break;
            case FrameType.Ping: _ = PingFrame.TryRead(raw, out _); break;
            case FrameType.Pong: _ = PongFrame.TryRead(raw, out _); break;
            case FrameType.Congestion: _ = CongestionFrame.TryRead(raw, out _); break;
            default: break;
        }
    }

    private static void ReadClose(in RawFrame raw)
    {
        if (ConnCloseFrame.TryRead(raw, out ConnCloseFrame frame))
        {
            for (int i = 0; i < frame.VersionCount; i++)
            {
                _ = frame.GetVersion(i);
            }
        }
    }

    private static void ReadData(in RawFrame raw)
    {
        if (DataFrame.TryRead(raw, out DataFrame frame) && DataFrame.GetWireLength(frame.Mode, frame.HasSequence) > DataFrame.WireSizeMax)
        {
            throw new FuzzFailureException($"DATA of {DataFrame.GetWireLength(frame.Mode, frame.HasSequence)} bytes is longer than any can be.");
        }
    }

    private static void ReadNack(in RawFrame raw)
    {
        if (DataNackFrame.TryRead(raw, out DataNackFrame frame))
        {
            for (int i = 0; i < frame.RangeCount; i++)
            {
                _ = frame.GetRange(i);
            }
        }
    }

    private static void ReadAck(in RawFrame raw)
    {
        if (StreamDataAckFrame.StreamIdOf(raw) != StreamId.ConnectionControl)
        {
            _ = StreamDataAckFrame.TryRead(raw, out _);
            return;
        }

        Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[PacketAckFrame.RangeCountMax];
        if (!PacketAckFrame.TryRead(raw, out PacketAckFrame frame) || !frame.TryExpandRanges(frame.LargestLow32, ranges, out int count))
        {
            return;
        }

        for (int i = 0; i < count; i++)
        {
            if (ranges[i].First > ranges[i].Last || (i > 0 && ranges[i].Last + 1 >= ranges[i - 1].First))
            {
                throw new FuzzFailureException($"Range {i} of an acknowledgement is reversed, or touches the one before it.");
            }
        }
    }
}
