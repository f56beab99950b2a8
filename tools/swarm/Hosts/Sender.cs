using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Oracles;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Hosts;

/// <summary>The half of an application that sends: by copy and without, in all modes, with and without deadlines.</summary>
internal sealed class Sender(World world, Host host, Draw draw)
{
    private readonly byte[] _buffer = new byte[24 * 1024];
    private readonly List<(StreamView Stream, PayloadSlice Slice)> _leases = [];
    private readonly PayloadSlice[] _slices = new PayloadSlice[Transmission.SliceCountMax];

    /// <summary>A stream to be opened.</summary>
    public StreamConfig Config()
    {
        var mode = (TransportMode)draw.Between(1, 4);
        return new StreamConfig(
            mode, (byte)draw.Below(LinkHeader.PriorityMax + 1), SequenceNumbers: draw.OneIn(2) && mode == TransportMode.BestEffort,
            MaxAttempts: (byte)(world.Plan.Has(Feature.Attempts) && draw.OneIn(2) ? draw.Between(1, 4) : 0),
            Delivery: mode == TransportMode.Probabilistic && world.Plan.Has(Feature.Delivery) ? Delivery() : null,
            Path: world.Plan.Has(Feature.Paths) && draw.OneIn(4) ? (byte)draw.Below(8) : null);
    }

    /// <summary>How likely a Probabilistic stream is to deliver.</summary>
    public ProbabilisticConfig Delivery() => new(
        draw.Pick(0, 0.3, 0.9, 0.999, 1), Thinning: draw.OneIn(2), FecRatio: draw.OneIn(2) ? draw.Pick(0, 0.2, 1) : null, GroupSize: draw.Pick(1, 2, 8, 64));

    /// <summary>Sends something.</summary>
    public void Send(StreamView stream, Instant now)
    {
        if (stream.IsSendingOver || stream.Id == 0)
        {
            return;
        }

        int spent = stream.Sent.Mode == TransportMode.ReliableOrdered ? (int)stream.Sent.Bytes : stream.Sent.MessageCount * 200;
        if (spent >= world.Plan.BytesMax)
        {
            return;
        }

        int lease = _leases.FindIndex(held => ReferenceEquals(held.Stream, stream));
        if (lease >= 0 && draw.OneIn(2))
        {
            SendLeases(stream, now);
            return;
        }

        int length = Length(stream.Sent.Mode);
        Span<byte> data = _buffer.AsSpan(0, length);
        if (stream.Sent.Mode == TransportMode.ReliableOrdered)
        {
            stream.Sent.Fill(data);
        }
        else
        {
            stream.Sent.FillMessage(data, 0, length);
        }

        SendOptions options = Options(stream.Sent.Mode, now);
        OnResult(stream, stream.Handle.Send(data, options), length, options);

        // The caller may do with its buffer what it wants, at once.
        data.Clear();
    }

    /// <summary>Takes a frame to write into, now or later.</summary>
    public void Lease(StreamView stream)
    {
        CallStatus status = stream.Handle.TryLease(out PayloadSlice slice);
        if (status == CallStatus.Ok)
        {
            _leases.Add((stream, slice));
        }

        stream.WantsWritable |= status == CallStatus.WouldBlock;
    }

    /// <summary>Gives back what was not written.</summary>
    public void ReturnLeases()
    {
        foreach ((_, PayloadSlice slice) in _leases)
        {
            host.Endpoint.Return([slice]);
        }

        _leases.Clear();
    }

    /// <summary>The core tells how a message ended.</summary>
    public void OnReport(StreamView stream, in EndpointEvent item)
    {
        if (stream.Sent.OnReport(item.Value - world.FirstSequence, item.Kind) is { } wrong)
        {
            throw new SwarmFailureException("a report for each message, once", $"{stream.Sent.Name}: {wrong}");
        }
    }

    private void SendLeases(StreamView stream, Instant now)
    {
        int count = 0;
        int length = 0;
        bool isOrdered = stream.Sent.Mode == TransportMode.ReliableOrdered;
        for (int i = _leases.Count - 1; i >= 0 && count < _slices.Length; i--)
        {
            if (ReferenceEquals(_leases[i].Stream, stream))
            {
                int part = Math.Min(_leases[i].Slice.Length, draw.OneIn(2) ? draw.Between(1, 300) : 1_000);
                _slices[count++] = _leases[i].Slice.WithLength(part);
                length += part;
                _leases.RemoveAt(i);
            }
        }

        int offset = 0;
        for (int i = 0; i < count; i++)
        {
            Span<byte> bytes = host.Endpoint.Bytes(_slices[i]);
            if (isOrdered)
            {
                stream.Sent.Fill(bytes, offset);
            }
            else
            {
                stream.Sent.FillMessage(bytes, offset, length);
            }

            offset += bytes.Length;
        }

        SendOptions options = Options(stream.Sent.Mode, now);
        SendResult result = stream.Handle.SendZeroCopy(_slices.AsSpan(0, count), options);
        OnResult(stream, result, length, options);
        if (result.Status != CallStatus.Ok)
        {
            // Nothing was taken: the leases are still the application's.
            host.Endpoint.Return(_slices.AsSpan(0, count));
        }
        else if (isOrdered && result.Bytes != length)
        {
            throw new SwarmFailureException("whole or not at all", $"{stream.Sent.Name}: a hand-over of {length} bytes was taken for {result.Bytes}");
        }
    }

    private void OnResult(StreamView stream, in SendResult result, int length, in SendOptions options)
    {
        bool isOrdered = stream.Sent.Mode == TransportMode.ReliableOrdered;
        switch (result.Status)
        {
            case CallStatus.Ok when isOrdered:
                stream.Sent.OnBytes(result.Bytes);
                stream.WantsWritable |= result.Bytes < length;
                break;
            case CallStatus.Ok:
                if (result.Message - world.FirstSequence != (ulong)stream.Sent.MessageCount || result.Bytes != length)
                {
                    if (world.IsTainted(stream.Connection))
                    {
                        // A STREAM_OPEN that was changed on its way made it a stream of another mode.
                        break;
                    }

                    throw new SwarmFailureException("messages are numbered", $"{stream.Sent.Name}: message {stream.Sent.MessageCount} of {length} bytes is {result}");
                }

                stream.Sent.OnMessage(length, options.Report, mayExpire: options.Deadline != default || options.MaxAttempts != 0);
                break;
            case CallStatus.WouldBlock:
                stream.WantsWritable = true;
                break;
            case CallStatus.Closed or CallStatus.MessageTooLong:
                break;
            default:
                throw new SwarmFailureException("calls answer what they may", $"{stream.Sent.Name}: a send answers {result.Status}");
        }
    }

    private SendOptions Options(TransportMode mode, Instant now)
    {
        bool hasDeadline = world.Plan.Has(Feature.Deadlines) && draw.OneIn(mode == TransportMode.ReliableOrdered ? 8 : 3);
        return new SendOptions(
            Deadline: hasDeadline ? now + draw.Magnitude(Instant.Millisecond / 10, Instant.Second) : default,
            Report: mode != TransportMode.ReliableOrdered && world.Plan.Has(Feature.Reports) && draw.OneIn(2),
            MaxAttempts: (byte)(mode == TransportMode.ReliableUnordered && world.Plan.Has(Feature.Attempts) && draw.OneIn(4) ? draw.Between(1, 3) : 0));
    }

    private int Length(TransportMode mode) => mode switch
    {
        TransportMode.ReliableOrdered => (int)draw.Magnitude(1, world.Plan.Has(Feature.TinyMessages) ? 100 : 8_000),
        _ when world.Plan.Has(Feature.TinyMessages) && draw.OneIn(2) => draw.Between(1, 12),
        TransportMode.ReliableUnordered when world.Plan.Has(Feature.BigMessages) => (int)draw.Magnitude(1, _buffer.Length),
        TransportMode.ReliableUnordered => (int)draw.Magnitude(8, 4_000),
        _ => draw.Between(1, 1_200),
    };
}
