using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tests.Support;

/// <summary>What can be done to an endpoint.</summary>
internal enum InputKind
{
    Connect,
    Frame,
    Timeout,
    Open,
    Send,
    Receive,
    Finish,
    Reset,
    Close,
}

/// <summary>One input, with all that it depends on.</summary>
internal sealed record Input(InputKind Kind, Instant Now, int Stream = 0, int Length = 0, LinkHeader Header = default, byte[]? Bytes = null, SendOptions Options = default);

/// <summary>An endpoint that is driven by inputs alone, keeps them, and writes down every output: frames, events, deadlines and results.</summary>
internal sealed class RecordedEndpoint(EndpointConfig config)
{
    private readonly Transmission _transmission = new();
    private readonly List<StreamHandle> _streams = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private ConnectionHandle _connection;

    public Endpoint Endpoint { get; } = new(config, new FrameArena(2048, 2048));

    public List<Input> Inputs { get; } = [];

    public List<string> Outputs { get; } = [];

    /// <summary>Frames that went out and that the network has not taken.</summary>
    public Queue<Pair.Frame> Sent { get; } = new();

    public Instant Deadline { get; private set; } = Instant.Never;

    public int StreamCount => _streams.Count;

    public void Apply(Input input)
    {
        Inputs.Add(input);
        Outputs.Add($"{input.Kind}: {Do(input)}");
        while (Endpoint.TryTransmit(input.Now, _transmission))
        {
            Pair.Frame frame = Take();
            Outputs.Add(Convert.ToHexString(Link(frame.Header)) + Convert.ToHexString(frame.Bytes));
            Sent.Enqueue(frame);
        }

        while (Endpoint.TryGetEvent(out EndpointEvent item))
        {
            Outputs.Add($"{item.Kind} {item.Connection.Index} {item.Stream.Index} {item.Stream.Id} {item.Reason} {item.Value} {item.Report}");
            if (item.Kind is EventKind.ConnectionEstablished or EventKind.ConnectionAccepted)
            {
                _connection = item.Connection;
                foreach (NodeId node in item.Kind == EventKind.ConnectionEstablished ? Endpoint.Config.FurtherNodes : [])
                {
                    Outputs.Add($"{_connection.OpenPath(node, input.Now, out byte path)} {path}");
                }
            }
            else if (item.Kind == EventKind.StreamOpened)
            {
                _streams.Add(item.Stream);
            }
        }

        while (Endpoint.TryGetDeadline(out ConnectionDeadline deadline))
        {
            Outputs.Add($"{deadline.Deadline} {deadline.Kind}");
            Deadline = deadline.Deadline;
        }
    }

    private string Do(Input input)
    {
        switch (input.Kind)
        {
            case InputKind.Connect:
                return Endpoint.Connect(Pair.ServerNode, input.Now, out _connection).ToString();
            case InputKind.Frame:
                Endpoint.Receive(new LinkFrame(input.Header, input.Bytes), input.Now);
                return string.Empty;
            case InputKind.Timeout:
                Deadline = Instant.Never;
                Endpoint.HandleTimeout(_connection, input.Now);
                return string.Empty;
            case InputKind.Open:
                CallStatus status = _connection.OpenStream(new StreamConfig((TransportMode)(1 + (input.Stream % 4)), SequenceNumbers: true), out StreamHandle stream);
                if (status == CallStatus.Ok)
                {
                    _streams.Add(stream);
                }

                return $"{status} {stream.Id}";
            case InputKind.Send:
                return _streams[input.Stream].Send(_buffer.AsSpan(0, input.Length), input.Options).ToString();
            case InputKind.Receive:
                ReceiveResult result = _streams[input.Stream].Receive(_buffer);
                return result.Status == CallStatus.Ok ? result + Convert.ToHexString(_buffer.AsSpan(0, result.Bytes)) : result.ToString();
            case InputKind.Finish:
                return _streams[input.Stream].Finish().ToString();
            case InputKind.Reset:
                return _streams[input.Stream].Reset(ReasonCode.ApplicationBase).ToString();
            default:
                return _connection.Close(input.Now).ToString();
        }
    }

    private static byte[] Link(in LinkHeader header)
    {
        byte[] bytes = new byte[LinkHeader.Size];
        header.Write(bytes);
        return bytes;
    }

    private Pair.Frame Take()
    {
        byte[] bytes = new byte[_transmission.PacketLength];
        _transmission.Head.CopyTo(bytes);
        int at = _transmission.HeadLength;
        foreach (PayloadSlice slice in _transmission.Slices)
        {
            Endpoint.State.Frames.Bytes(slice).CopyTo(bytes.AsSpan(at));
            at += slice.Length;
            Endpoint.ReleaseFrame(slice.Frame);
        }

        return new Pair.Frame(_transmission.Header, bytes);
    }
}
