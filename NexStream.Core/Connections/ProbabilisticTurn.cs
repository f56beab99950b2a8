using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Modes;
using NexStream.Core.State;
using NexStream.Core.Streams;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>
/// The packets that <see cref="PredictedTransmit"/> writes for a stream of Probabilistic: a whole message in each, or a repair, as <see cref="DatagramSender"/> and
/// <see cref="PacketWriter"/> do in more steps. What joins a group, and when its repairs are made, is <see cref="ProbabilisticSender"/>'s affair here as there.
/// </summary>
internal sealed class ProbabilisticTurn(EndpointState state, OutboundMessages messages, ProbabilisticSender groups)
{
    private readonly Slab<StreamState> _streams = state.Streams;
    private readonly Slab<OutboundMessage> _messages = state.Messages;

    /// <summary>Writes the messages of one stream while it is its turn: none that is not in one piece, has to be reported, or may be left out, and none behind such a one.</summary>
    public void Write(Connection connection, Path path, int index, ReadOnlySpan<Wire.Transmission> burst, ref DepartureRun run)
    {
        ref StreamState stream = ref _streams[index];

        // A repair is as long as the longest message of its group, and its head is longer than a message's: messages leave room for it.
        int room = path.FrameLength - LinkHeader.Size - RepairFrame.HeadSize;
        if (groups.MayThin(stream))
        {
            return;
        }

        bool isSmall = Departure.IsSmall(path);
        while (MayGo(stream.Send.MessageUnsent, room) && run.MayAdd())
        {
            Wire.Transmission transmission = burst[run.Packets];
            int current = stream.Send.MessageUnsent;
            ref OutboundMessage message = ref _messages[current];
            int length = message.Length;
            transmission.SliceStorage[0] = message.Piece;
            transmission.SliceCount = 1;
            message.Piece = default;
            stream.Send.Buffered -= length;
            connection.SendBuffered -= length;
            stream.Send.MessageUnsent = message.Link.Next;
            uint frame = message.Has(MessageFlags.Repair)
                ? WriteRepair(transmission, stream, message)
                : WriteMessage(connection, path, index, ref stream, length, transmission);
            messages.FinishSent(ref stream, current, ref message);
            groups.CloseIfFull(connection, index, sliceCount: 1);
            ulong number = PacketNumbers.Take(state, path);
            bool mayWait = isSmall || stream.Send.MessageUnsent < 0;
            bool waits = mayWait && Departure.WaitsForAck(connection, path, LinkHeader.Size + transmission.HeadLength + length, stream);
            DataHead.Of(path.PeerTag, path.Id, frame, stream.Id).Write(transmission.HeadStorage, waits ? PacketHeader.AckNow : (byte)0, unchecked((uint)number));
            if (!run.TryExtend(transmission, number, length))
            {
                run.Add(transmission, stream, number, length).Length = 0;
            }
        }
    }

    /// <summary>Whether the stream's next message lies in one piece, fits a packet, and wants no report that a packet would have to remember.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayGo(int index, int room)
    {
        if (index < 0)
        {
            return false;
        }

        ref OutboundMessage message = ref _messages[index];
        return message.Piece.Length == message.Length && message.Length <= room && !message.Has(MessageFlags.Report);
    }

    /// <summary>Numbers the message, which joins a group if it is to have repairs, and says so behind <see cref="DataHead"/>. Returns what the frame begins with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint WriteMessage(Connection connection, Path path, int index, ref StreamState stream, int length, Wire.Transmission transmission)
    {
        ulong number = stream.Send.Window.Used++;
        int place = groups.Join(connection, index, transmission.Slices, length, path.SlotBit, number);
        MessageForm form = place >= 0 ? MessageForm.Grouped : MessageForm.Probabilistic;
        MessageHead.Write(transmission.HeadStorage, form, number, length, place);
        transmission.HeadLength = MessageHead.SizeOf(form);
        return MessageHead.FrameOf(form);
    }

    private static uint WriteRepair(Wire.Transmission transmission, in StreamState stream, in OutboundMessage repair)
    {
        SegmentWriter.RepairOf(stream, repair).WriteFields(transmission.HeadStorage[(PacketHeader.Size + RawFrame.HeaderSize)..]);
        transmission.HeadLength = RepairFrame.HeadSize;
        return RepairFrame.Start;
    }
}
