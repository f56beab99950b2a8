using System.Runtime.CompilerServices;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Core.Connections;

/// <summary>
/// A packet train (Jain and Routhier 1986): packets of one path that arrive in a row at one instant, each the next by its number and with nothing in it but data.
/// <see cref="PredictedReceive"/> takes in the first, looks at everything, and couples the train to it; of those that follow the head is compared with what is
/// expected, and the data goes to its stream. Counters, times and the acknowledgement schedule follow once for all of them, in <see cref="Settle"/>, which the
/// endpoint calls before anything looks at the connection again.
/// </summary>
internal sealed class PacketTrain(EndpointState state, PredictedData data, ArrivingRun run, ArrivingMessages messages, ArrivingFragments fragments)
{
    /// <summary>When all its packets arrive; <see cref="Instant.Never"/> while there is no train.</summary>
    private Instant _now = Instant.Never;

    private DataHead _next;
    private NodeId _source;
    private NodeId _destination;
    private EcnCodepoint _ecn;
    private Connection _connection = null!;
    private Path _path = null!;
    private int _count;
    private long _bytes;

    /// <summary>Whether packets were taken in that nothing but their streams tells of yet.</summary>
    public bool IsOpen
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _now != Instant.Never;
    }

    /// <summary>A packet was taken in, and what follows it may be a train.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="path">The path that it came on.</param>
    /// <param name="frame">The packet.</param>
    /// <param name="now">When it arrived.</param>
    public void Couple(Connection connection, Path path, in LinkFrame frame, Instant now)
    {
        _now = now;
        _connection = connection;
        _path = path;
        _next = DataHead.In(frame.Head);
        _next.Advance();
        _source = frame.Header.Source;
        _destination = frame.Header.Destination;
        _ecn = frame.Header.Ecn;
    }

    /// <summary>Takes the frame in. False: it is not the next of the train, and nothing was done.</summary>
    public bool TryTake(in LinkFrame frame, Instant now)
    {
        if (now != _now || frame.Payload.IsEmpty || frame.Head.Length < DataHead.Size)
        {
            return false;
        }

        ref readonly LinkHeader link = ref frame.Header;
        if (!DataHead.In(frame.Head).IsSamePacket(_next) || link.Source != _source || link.Destination != _destination || link.Ecn != _ecn)
        {
            return false;
        }

        bool isTaken = (frame.Payload.Length == 1 && (run.TryAdd(frame) || messages.TryAdd(frame) || fragments.TryAdd(frame))) || TryTakeOther(frame);
        if (isTaken)
        {
            _next.Advance();
            _bytes += link.PayloadLength;
            _count++;
        }

        return isTaken;
    }

    /// <summary>Uncouples the train: all that its packets come to is done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Settle()
    {
        if (IsOpen)
        {
            Arrive();
        }
    }

    /// <summary>The data continues no run. With repairs there can be memory again that groups held.</summary>
    private bool TryTakeOther(in LinkFrame frame)
    {
        SettleRuns();
        if (!data.TryTake(_connection, frame))
        {
            return false;
        }

        state.Starved.Wake();
        return true;
    }

    /// <summary>At most one of them is going on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SettleRuns()
    {
        run.Settle();
        messages.Settle();
        fragments.Settle();
    }

    private void Arrive()
    {
        Instant now = _now;
        _now = Instant.Never;
        SettleRuns();
        if (_count == 0)
        {
            return;
        }

        Path path = _path;
        path.BytesReceived += (ulong)_bytes + ((ulong)_count * LinkHeader.Size);
        path.Received.RecordNext(_count, now, _ecn, path.Rtt.SmoothedNs);
        path.PacketsReceived += (uint)_count;
        state.PredictedReceived += (uint)_count;
        state.ReceivedInTrains += (uint)_count;
        _count = 0;
        _bytes = 0;
    }
}
