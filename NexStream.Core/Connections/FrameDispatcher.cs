using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// Where a frame that came in goes: to the connection that its tag names, to the handshake, or to the answers for those who name a connection that is not there. What is
/// malformed is counted and dropped; every reference that came with a frame is taken over or given back.
/// </summary>
internal sealed class FrameDispatcher(
    EndpointState state, ConnectionFactory connections, PathFactory paths, StatelessAnswers answers, Handshake handshake, CloseSequence closing, PredictedReceive predicted,
    ReceivePath receivePath)
{
    /// <summary>Frames that are none, or not for this endpoint.</summary>
    public ulong Malformed { get; private set; }

    /// <summary>Packets whose tag names no connection.</summary>
    public ulong UnknownTag { get; private set; }

    /// <summary>Takes in a frame, and every reference to payload that comes with it.</summary>
    public void Receive(in LinkFrame frame, Instant now)
    {
        if (!predicted.TryProcess(frame, now))
        {
            ReceiveAny(frame, now);
        }

        ReleaseHead(frame);
        state.Starved.Wake();
    }

    /// <summary>Takes in a frame of whatever kind, and every reference to payload that comes with it.</summary>
    private void ReceiveAny(in LinkFrame frame, Instant now)
    {
        int taken = 0;
        long length = frame.Head.Length;
        foreach (ref readonly PayloadSlice slice in frame.Payload)
        {
            if (!state.Frames.TryTake(slice))
            {
                break;
            }

            taken++;
            length += slice.Length;
        }

        if (taken == frame.Payload.Length && length == frame.Header.PayloadLength && length <= int.MaxValue)
        {
            Dispatch(frame, now);
        }
        else
        {
            Malformed++;
        }

        foreach (ref readonly PayloadSlice slice in frame.Payload[..taken])
        {
            state.Frames.Release(slice.Frame);
        }

        if (taken < frame.Payload.Length)
        {
            ReleaseRest(frame.Payload[taken..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Dispatch(in LinkFrame frame, Instant now)
    {
        if (!PacketHeader.TryRead(frame.Head, out PacketHeader header) || !IsHere(frame.Header.Destination, header.Tag))
        {
            Malformed++;
            return;
        }

        if (header.Tag == 0)
        {
            var reader = new FrameReader(frame.Head[PacketHeader.Size..]);
            if (reader.TryRead(out RawFrame first))
            {
                handshake.OnInit(frame.Header, header, first, frame.Head.Length + LinkHeader.Size, now);
            }
            else
            {
                Malformed++;
            }

            return;
        }

        if (paths.Find(header.Tag) is { } path)
        {
            receivePath.Process(path, frame, header, now);
            return;
        }

        UnknownTag++;
        OnUnknownTag(frame, header, now);
    }

    /// <summary>What was under way to the node that this endpoint was before still counts, for connections that there are.</summary>
    private bool IsHere(NodeId destination, ulong tag) => destination == state.Node || (tag != 0 && state.IsOwn(destination));

    /// <summary>A tag that names nothing here: either our own, reflected by a peer that forgot the connection, or one that we forgot.</summary>
    private void OnUnknownTag(in LinkFrame frame, in PacketHeader header, Instant now)
    {
        var reader = new FrameReader(frame.Head[PacketHeader.Size..]);
        bool isRead = reader.TryRead(out RawFrame first);
        if (!isRead || first.Type is not (FrameType.ConnClose or FrameType.ConnCloseAck))
        {
            answers.Reflect(frame.Header, header.Tag, now);
            return;
        }

        // Closing frames are never answered, so that no two endpoints can keep each other busy.
        if (first.Type == FrameType.ConnClose && Wire.Frames.ConnCloseFrame.TryRead(first, out Wire.Frames.ConnCloseFrame close)
            && close.IsReflected && connections.FindByPeer(frame.Header.Source, header.Tag) is { State: not ConnectionState.Closed } connection)
        {
            closing.OnUnknown(connection, now);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ReleaseHead(in LinkFrame frame)
    {
        if (frame.HeadFrame != PayloadSlice.NoFrame)
        {
            state.Frames.Release(frame.HeadFrame);
        }
    }

    /// <summary>Of a frame that names memory which nobody registered, the slices that do not still came with their references.</summary>
    private void ReleaseRest(ReadOnlySpan<PayloadSlice> slices)
    {
        foreach (ref readonly PayloadSlice slice in slices)
        {
            if (state.Frames.TryTake(slice))
            {
                state.Frames.Release(slice.Frame);
            }
        }
    }
}
