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
                if (happened.Kind is EventKind.StreamOpened or EventKind.StreamReadable)
                {
                    Echo(happened.Stream);
                }
            }
        }
        while (acted);

        while (Endpoint.TryGetDeadline(out ConnectionDeadline next))
        {
            _timed[next.Connection.Index] = next.Connection;
            _timers.Arm(next.Connection.Index, next.Deadline);
        }
    }

    private void Echo(StreamHandle stream)
    {
        ReceiveResult got = stream.Receive(_message);
        for (; got.Status == CallStatus.Ok; got = stream.Receive(_message))
        {
            // A reader slower than its echo is given up; a real application keeps the rest until StreamWritable.
            if (stream.Send(_message.AsSpan(0, got.Bytes)).Bytes < got.Bytes)
            {
                stream.Reset(ReasonCode.ApplicationBase);
            }
        }

        if (got.Status == CallStatus.EndOfStream)
        {
            stream.Finish();
        }
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
