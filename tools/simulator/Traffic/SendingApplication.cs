using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;

namespace NexStream.Simulator.Traffic;

/// <summary>The client of a flow: connects, opens the streams when their time comes, and fills them.</summary>
internal sealed class SendingApplication(
    FlowRecord flow, Pattern pattern, NodeId server, IReadOnlyList<(NodeId Node, byte Weight)> further, byte weight, ConnectionConfig config) : IApplication
{
    private const int WriteSize = 64 * 1024;
    private const double BitsPerByte = 8;
    private const long NoteIntervalNs = Instant.Millisecond;

    private readonly byte[] _message = new byte[Pattern.LengthMax];
    private readonly Dictionary<uint, StreamRecord> _byId = [];
    private readonly StreamRecord[] _streams = [.. flow.Streams];
    private long _notedAt;
    private bool _isStarted;
    private bool _isEstablished;
    private bool _isWorkLeft = true;

    public long DueAt { get; private set; } = flow.StartAt;

    public void Act(long now)
    {
        if (now >= _notedAt + NoteIntervalNs)
        {
            // A connection that ends takes its numbers along: what it had done is noted while it is alive.
            _notedAt = now;
            flow.Statistics();
        }

        if (now < flow.StartAt || (!_isWorkLeft && now < DueAt))
        {
            return;
        }

        if (!_isStarted)
        {
            _isStarted = true;
            if (flow.Client.Endpoint.Connect(server, Host.InstantAt(now), out ConnectionHandle connection, config) != CallStatus.Ok)
            {
                flow.Violate("the connection could not be opened");
            }

            flow.Connection = connection;
        }

        DueAt = Actor.Never;
        _isWorkLeft = false;
        if (!_isEstablished)
        {
            return;
        }

        foreach (StreamRecord stream in _streams)
        {
            if (!stream.IsOpen)
            {
                TryOpen(stream, now);
            }

            if (stream is { IsOpen: true, IsSent: false, IsStopped: false })
            {
                Fill(stream, now);
            }
        }
    }

    public void OnEvent(in EndpointEvent item, long now)
    {
        _isWorkLeft = true;
        switch (item.Kind)
        {
            case EventKind.ConnectionEstablished:
                _isEstablished = true;
                OpenPaths(now);
                break;
            case EventKind.ConnectionClosed:
                flow.End("the connection", item.Reason);
                _isEstablished = false;
                break;
            case EventKind.StreamReset or EventKind.StreamStopped when Find(item) is { IsComplete: false } stream:
                flow.Violate(stream, $"it ended: {item.Reason}");
                stream.IsStopped = true;
                break;
            case EventKind.MessageExpired when Find(item) is { } stream:
                stream.ExpiredReported++;
                break;
            case EventKind.StreamReadable:
                // The server says nothing: this is the end of its half, which is to be read for the stream to close.
                item.Stream.Receive(_message);
                break;
            case EventKind.StreamClosed when Find(item) is { } stream:
                stream.IsClosed = true;
                break;
            default:
                break;
        }
    }

    /// <summary>The stream with this id, for the receiving end.</summary>
    public StreamRecord? Find(uint id) => _byId.GetValueOrDefault(id);

    private void OpenPaths(long now)
    {
        flow.Connection.SetPathWeight(0, weight);
        foreach ((NodeId node, byte parts) in flow.Spec.Migrate.Count > 0 ? [] : further)
        {
            if (flow.Connection.OpenPath(node, Host.InstantAt(now), out byte id) != CallStatus.Ok)
            {
                flow.Violate("a path could not be opened");
            }

            flow.Connection.SetPathWeight(id, parts);
        }
    }

    private StreamRecord? Find(in EndpointEvent item)
    {
        StreamHandle handle = item.Stream;
        foreach (StreamRecord stream in _streams)
        {
            if (stream.IsOpen && stream.Handle == handle)
            {
                return stream;
            }
        }

        return null;
    }

    private void TryOpen(StreamRecord stream, long now)
    {
        long startAt = flow.StartAt + (long)Math.Round(stream.Spec.StartS * Instant.Second);
        if (now < startAt)
        {
            DueAt = Math.Min(DueAt, startAt);
            return;
        }

        if (stream.Spec.After is { } before && !flow.Streams[before].IsClosed)
        {
            return;
        }

        ProbabilisticConfig? delivery = stream.Mode == TransportMode.Probabilistic
            ? new ProbabilisticConfig(stream.Spec.Probability, stream.Spec.Thinning, stream.Spec.Fec, stream.Spec.Group)
            : null;
        var streamConfig = new StreamConfig(stream.Mode, stream.Spec.Priority, SequenceNumbers: stream.Mode == TransportMode.BestEffort, Delivery: delivery);
        if (flow.Connection.OpenStream(streamConfig, out StreamHandle handle) == CallStatus.Ok)
        {
            stream.Handle = handle;
            stream.IsOpen = true;
            stream.OpenedAt = now;
            _byId.Add(handle.Id, stream);
        }
    }

    private void Fill(StreamRecord stream, long now)
    {
        long total = stream.Spec.Bytes ?? long.MaxValue;
        while (stream.SentBytes < total)
        {
            if (stream.Mode is TransportMode.BestEffort or TransportMode.Probabilistic && stream.Spec.RateMbps is null && !HasRoom(stream))
            {
                // These modes never say that they are full, and nothing tells when they are not: the application looks whenever it is called.
                _isWorkLeft = true;
                return;
            }

            long allowed = Math.Min(total - stream.SentBytes, Allowed(stream, now));
            bool isTaken = allowed > 0 && (stream.Mode == TransportMode.ReliableOrdered ? TryWrite(stream, allowed) : TryWriteMessage(stream, now));
            if (!isTaken)
            {
                return;
            }
        }

        stream.IsSent = true;
        stream.Handle.Finish();
    }

    /// <summary>Whether a message can be queued without pushing out the oldest.</summary>
    private bool HasRoom(StreamRecord stream) =>
        stream.Handle.Statistics.SendBuffered + stream.Spec.Message <= config.DatagramBuffer;

    /// <summary>Bytes that the offered rate allows now; when it allows none, the application comes back when it does.</summary>
    private long Allowed(StreamRecord stream, long now)
    {
        if (stream.Spec.RateMbps is not { } rate)
        {
            return long.MaxValue;
        }

        double perNs = rate * 1e6 / BitsPerByte / Instant.Second;
        long allowed = (long)((now - stream.OpenedAt) * perNs) + stream.Spec.Message - stream.SentBytes;
        if (allowed < stream.Spec.Message)
        {
            long at = stream.OpenedAt + (long)Math.Ceiling(stream.SentBytes / perNs);
            DueAt = Math.Min(DueAt, Math.Max(at, now + 1));
            return 0;
        }

        return allowed;
    }

    private bool TryWrite(StreamRecord stream, long allowed)
    {
        int length = (int)Math.Min(WriteSize, allowed);
        SendResult result = stream.Handle.Send(pattern.At(stream.SentBytes, length));
        stream.SentBytes += result.Bytes;
        stream.Sent += result.Bytes;
        return result.Bytes == length;
    }

    private bool TryWriteMessage(StreamRecord stream, long now)
    {
        int length = stream.LengthOf(stream.Sent);
        Span<byte> message = _message.AsSpan(0, length);
        pattern.WriteMessage(stream.Sent, message);
        Instant deadline = stream.Spec.DeadlineMs is { } ms ? Host.InstantAt(now + (long)(ms * Instant.Millisecond)) : default;
        SendResult result = stream.Handle.Send(message, new SendOptions(deadline, Report: deadline != default));
        if (result.Status == CallStatus.MessageTooLong)
        {
            // The path carries less than it was believed to, for good or until discovery finds that it carries more again. What is offered
            // at a rate is lost meanwhile; the rest waits, and nothing tells when it may go.
            _isWorkLeft = true;
            return stream.Spec.RateMbps is not null && Pass(stream, length);
        }

        if (result.Status != CallStatus.Ok)
        {
            return false;
        }

        return Pass(stream, length);
    }

    private static bool Pass(StreamRecord stream, int length)
    {
        stream.SentBytes += length;
        stream.Sent++;
        return true;
    }
}
