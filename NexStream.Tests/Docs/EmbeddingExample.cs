using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Driver.Timers;

namespace NexStream.Tests.Docs;

#region EMBEDDING
/// <summary>An echo server inside a game loop: no thread, no clock, no socket of NexStream's own.</summary>
internal sealed class EchoLoop(EndpointConfig config, Func<(LinkHeader Header, byte[] Packet)?> receive, Action<LinkHeader, byte[]> send)
{
    private readonly Transmission _out = new();
    private readonly byte[] _message = new byte[64 * 1024];
    private readonly TimerWheel _timers = new(config.MaxConnections);
    private readonly ConnectionHandle[] _timed = new ConnectionHandle[config.MaxConnections];
    private readonly Dictionary<StreamHandle, byte[]> _kept = [];

    public Endpoint Endpoint { get; } = new(config, new FrameArena(frameSize: 2048, frameCount: 4096));

    /// <summary>Called once a tick, on the game's own thread, with the game's own time.</summary>
    public void Tick(Instant now)
    {
        while (receive() is { } frame)
        {
            Endpoint.Receive(new LinkFrame(frame.Header, frame.Packet), now);
        }

        while (_timers.TryExpire(now, out int timer))
        {
            Endpoint.HandleTimeout(_timed[timer], now);
        }

        // Drain what the inputs brought forth. What the application does about an event is an input again.
        bool acted;
        do
        {
            while (Endpoint.TryTransmit(now, _out))
            {
                send(_out.Header, Gather());
            }

            acted = false;
            while (Endpoint.TryGetEvent(out EndpointEvent happened))
            {
                acted = true;
                Act(happened);
            }
        }
        while (acted);

        while (Endpoint.TryGetDeadline(out ConnectionDeadline next))
        {
            _timed[next.Connection.Index] = next.Connection;
            _timers.Arm(next.Connection.Index, next.Deadline);
        }
    }

    private void Act(EndpointEvent happened)
    {
        switch (happened.Kind)
        {
            case EventKind.StreamOpened or EventKind.StreamReadable or EventKind.StreamWritable:
                Echo(happened.Stream);
                break;
            case EventKind.StreamStopped or EventKind.StreamClosed:
                _kept.Remove(happened.Stream);
                break;
            case EventKind.ConnectionClosed:
                // Its streams are not told one by one; their handles are stale now.
                foreach (StreamHandle gone in _kept.Keys.Where(stream => stream.Id == 0))
                {
                    _kept.Remove(gone);
                }

                break;
        }
    }

    /// <summary>While a stream does not take what is kept for it, nothing more is read from it: that holds its sender up, and bounds what is kept.</summary>
    private void Echo(StreamHandle stream)
    {
        if (_kept.Remove(stream, out byte[]? kept) && !TrySend(stream, kept))
        {
            return;
        }

        ReceiveResult got = stream.Receive(_message);
        while (got.Status == CallStatus.Ok && TrySend(stream, _message.AsSpan(0, got.Bytes)))
        {
            got = stream.Receive(_message);
        }

        if (got.Status == CallStatus.EndOfStream)
        {
            stream.Finish();
        }
    }

    /// <summary>RO may take a part, a message is taken whole or not at all; StreamWritable tells when to go on.</summary>
    private bool TrySend(StreamHandle stream, ReadOnlySpan<byte> data)
    {
        SendResult sent = stream.Send(data);
        if (sent.Status is CallStatus.Ok or CallStatus.WouldBlock && sent.Bytes < data.Length)
        {
            _kept[stream] = data[sent.Bytes..].ToArray();
            return false;
        }

        return true;
    }

    private byte[] Gather()
    {
        byte[] packet = new byte[_out.PacketLength];
        _out.Head.CopyTo(packet);
        int at = _out.HeadLength;
        foreach (PayloadSlice slice in _out.Slices)
        {
            Endpoint.Arena.Bytes(slice.Index, slice.Offset, slice.Length).CopyTo(packet.AsSpan(at));
            at += slice.Length;
            Endpoint.ReleaseFrame(slice.Frame); // nothing reads the frame any more
        }

        return packet;
    }
}
#endregion
