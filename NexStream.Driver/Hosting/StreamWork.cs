using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver.Timers;

namespace NexStream.Driver.Hosting;

/// <summary>Does what waits on streams, as far as the core lets it. The driver's thread alone uses it.</summary>
internal sealed class StreamWork(Endpoint endpoint, LoanPool loans)
{
    /// <summary>Runs that one receive of an RO stream hands out: a full window of packets in a few calls. A message hands out as many as it has.</summary>
    private const int RunsMax = 64;

    /// <summary>Each stream has two timers, for the first of its sends and of its receives: those behind them are looked at when they are first.</summary>
    private readonly TimerWheel _timers = new(2 * endpoint.Config.MaxStreams);

    private readonly StreamRecord?[] _timed = new StreamRecord?[endpoint.Config.MaxStreams];
    private readonly byte[] _discarded = new byte[endpoint.Arena.FrameSize];
    private PayloadSlice[] _slices = new PayloadSlice[RunsMax];

    public void Start(Operation operation, Instant now)
    {
        StreamRecord stream = operation.Stream!;
        operation.Deadline = operation.TimeoutNs == 0 ? Instant.Never : now + operation.TimeoutNs;
        if (operation.Kind is OperationKind.Receive or OperationKind.ReceiveLease)
        {
            stream.Receives.Enqueue(operation);
            if (stream.Receives.First == operation)
            {
                Receive(stream);
            }
        }
        else
        {
            stream.Sends.Enqueue(operation);
            if (stream.Sends.First == operation)
            {
                Send(stream);
            }
        }
    }

    /// <summary>Takes an operation out of its queue; the next one gets its turn.</summary>
    public void Withdraw(Operation operation, Exception why)
    {
        StreamRecord stream = operation.Stream!;
        bool isReceive = operation.Kind is OperationKind.Receive or OperationKind.ReceiveLease;
        if (!(isReceive ? stream.Receives.Remove(operation) : stream.Sends.Remove(operation)))
        {
            return;
        }

        Fail(operation, why);
        if (isReceive)
        {
            Receive(stream);
        }
        else
        {
            Send(stream);
        }
    }

    /// <summary>Fires the operations' time-outs. Returns whether there were any.</summary>
    public bool FireTimeouts(Instant now)
    {
        bool fired = false;
        while (_timers.TryExpire(now, out int timer))
        {
            fired = true;
            StreamRecord stream = _timed[timer / 2]!;
            bool isSend = (timer & 1) != 0;
            Operation? first = isSend ? stream.Sends.First : stream.Receives.First;
            if (first is not null)
            {
                string what = isSend ? $"{nameof(NexStreamStream.SendTimeout)} passed before there was room" : $"{nameof(NexStreamStream.ReceiveTimeout)} passed before anything came";
                Withdraw(first, new NexStreamException(NexStreamError.TimedOut, $"Stream {stream.Id}: {what}.") { BytesTaken = Taken(first) });
            }
        }

        return fired;
    }

    public void Send(StreamRecord stream)
    {
        while (stream.Sends.First is { } operation && TrySend(stream, operation, out Exception? failure))
        {
            stream.Sends.Dequeue();
            End(operation, failure);
        }

        Arm(stream, (2 * stream.Handle.Index) + 1, stream.Sends.First);
    }

    public void Receive(StreamRecord stream)
    {
        while (stream.IsDiscarding && stream.Receives.First is null && stream.Handle.Receive(_discarded).Status == CallStatus.Ok)
        {
            // Nobody wants it.
        }

        while (stream.Receives.First is { } operation && TryReceive(stream, operation, out Exception? failure))
        {
            stream.Receives.Dequeue();
            End(operation, failure);
        }

        TakeEnd(stream);
        Arm(stream, 2 * stream.Handle.Index, stream.Receives.First);
    }

    /// <summary>The stream is over, or out of the application's hands: nothing waits on it any more.</summary>
    public void EndAll(StreamRecord stream)
    {
        if (stream.Connection.HostFailure is null)
        {
            Send(stream);
            Receive(stream);
        }

        while (stream.Sends.First is not null)
        {
            Fail(stream.Sends.First, stream.SendFailure(Taken(stream.Sends.Dequeue())));
        }

        while (stream.Receives.First is not null)
        {
            Fail(stream.Receives.Dequeue(), stream.ReceiveFailure(ReasonCode.None));
        }

        Arm(stream, 2 * stream.Handle.Index, null);
        Arm(stream, (2 * stream.Handle.Index) + 1, null);
    }

    public void Fail(Operation operation, Exception why)
    {
        if (operation.Kind == OperationKind.SendLease && operation.Stream!.Connection.HostFailure is null)
        {
            loans.GiveBack(operation.Loan!);
        }
        else if (operation.Kind == OperationKind.SendLease)
        {
            loans.Keep(operation.Loan!);
        }

        operation.Fail(why);
    }

    public static int Taken(Operation operation) => operation.Kind == OperationKind.Send ? operation.Bytes : 0;

    /// <summary>
    /// Reads the end of the stream as soon as there is nothing before it, asked for or not: a connection that closes waits for bytes only, and who comes later shall find it.
    /// </summary>
    private static void TakeEnd(StreamRecord stream)
    {
        // Without room for a byte nothing else can be taken.
        if (!stream.IsEndRead && !stream.IsDisposed && stream.Handle.IsReadable && stream.Handle.Receive([]).Status == CallStatus.EndOfStream)
        {
            stream.IsEndRead = true;
        }
    }

    /// <summary>The connection has just ended and the event that says how is still to be fetched: what is asked of its streams waits for that.</summary>
    private static bool IsEnding(StreamRecord stream) => !stream.Connection.IsClosed && !stream.Connection.Handle.IsAlive;

    private void End(Operation operation, Exception? failure)
    {
        if (failure is null)
        {
            operation.Complete();
        }
        else
        {
            Fail(operation, failure);
        }
    }

    /// <summary>False: it has to wait.</summary>
    private bool TrySend(StreamRecord stream, Operation operation, out Exception? failure)
    {
        failure = null;
        if (stream.IsDisposed)
        {
            failure = stream.SendFailure(Taken(operation));
            return true;
        }

        if (IsEnding(stream))
        {
            return false;
        }

        switch (operation.Kind)
        {
            case OperationKind.Finish:
                bool isFirst = stream.Handle.Finish() == CallStatus.Ok;
                failure = isFirst || stream.IsFinished ? null : stream.SendFailure(0);
                stream.IsFinished |= isFirst;
                return true;
            case OperationKind.SetDelivery:
                failure = SetDelivery(stream, operation.Delivery);
                return true;
            case OperationKind.Lease:
                CallStatus leased = stream.Handle.TryLease(out PayloadSlice slice);
                operation.Loan = leased == CallStatus.Ok ? loans.Rent(stream.Connection, new ReadOnlySpan<PayloadSlice>(in slice)) : null;
                failure = leased == CallStatus.Closed ? stream.SendFailure(0) : null;
                return leased != CallStatus.WouldBlock;
            case OperationKind.SendLease:
                PayloadSlice whole = operation.Loan!.Slices[0];
                PayloadSlice part = whole.WithLength(operation.Bytes);
                SendResult lent = stream.Handle.SendZeroCopy(new ReadOnlySpan<PayloadSlice>(in part));
                failure = FailureOf(stream, operation, lent.Status);
                if (lent.Status == CallStatus.Ok)
                {
                    // The frame is the endpoint's again: only the object comes back.
                    loans.Keep(operation.Loan);
                    operation.Loan = null;
                }

                return lent.Status != CallStatus.WouldBlock;
            default:
                SendResult sent = stream.Handle.Send(operation.Source.Span[operation.Bytes..], operation.Options);
                operation.Bytes += sent.Bytes;
                operation.MessageNumber = sent.Message;
                failure = FailureOf(stream, operation, sent.Status);
                return failure is not null || (sent.Status == CallStatus.Ok && (operation.Bytes == operation.Source.Length || stream.Mode != TransportMode.ReliableOrdered));
        }
    }

    private static Exception? SetDelivery(StreamRecord stream, in ProbabilisticConfig delivery)
    {
        try
        {
            return stream.Handle.SetDelivery(delivery) == CallStatus.Ok ? null : stream.SendFailure(0);
        }
        catch (Exception failure) when (Operation.IsCallersFault(failure))
        {
            return failure;
        }
    }

    private static string LimitOf(TransportMode mode) => mode == TransportMode.ReliableUnordered
        ? "the peer (MaxMessageLength, or its share of memory) and half of the memory of this connection allow"
        : "a packet of the path carries";

    private static NexStreamException? FailureOf(StreamRecord stream, Operation operation, CallStatus status) => status switch
    {
        CallStatus.Ok or CallStatus.WouldBlock => null,
        CallStatus.MessageTooLong => new NexStreamException(
            NexStreamError.MessageTooLong,
            $"Stream {stream.Id}: a message of {(operation.Kind == OperationKind.SendLease ? operation.Bytes : operation.Source.Length)} bytes is longer than the "
                + $"{stream.Handle.MessageLengthMax} that {LimitOf(stream.Mode)} now; nothing was sent."),
        CallStatus.MessageEmpty => new NexStreamException(NexStreamError.MessageEmpty, $"Stream {stream.Id}: a message has to have at least one byte."),
        _ => stream.SendFailure(Taken(operation)),
    };

    /// <summary>False: it has to wait.</summary>
    private bool TryReceive(StreamRecord stream, Operation operation, out Exception? failure)
    {
        failure = null;
        if (stream.IsEndRead && !stream.IsDisposed)
        {
            return true;
        }

        if (operation.Kind == OperationKind.Receive && operation.Destination.IsEmpty && stream.Mode == TransportMode.ReliableOrdered && stream.Handle.IsReadable)
        {
            return true;
        }

        if (!stream.IsDisposed && IsEnding(stream))
        {
            return false;
        }

        ReceiveResult got = operation.Kind == OperationKind.Receive ? stream.Handle.Receive(operation.Destination.Span) : ReceiveLoan(stream, operation);
        switch (got.Status)
        {
            case CallStatus.Ok when got.Bytes > 0:
                operation.Bytes = got.Bytes;
                operation.MessageNumber = got.HasMessageNumber ? got.Message : null;
                return true;
            case CallStatus.Ok or CallStatus.WouldBlock:
                return false;
            case CallStatus.EndOfStream:
                stream.IsEndRead = true;
                return true;
            case CallStatus.MessageTooLong:
                failure = new NexStreamException(
                    NexStreamError.BufferTooSmall,
                    $"Stream {stream.Id}: the next message has {got.Bytes} bytes, the buffer {operation.Destination.Length}; it was not taken: receive it with a larger one.")
                { Required = got.Bytes };
                return true;
            case CallStatus.Closed when !stream.IsDisposed && stream.Reset is null && stream.Connection.IsCleanEnd:
                // The peer flushed everything before it closed, and all of that was read.
                stream.IsEndRead = true;
                return true;
            default:
                failure = stream.ReceiveFailure(got.Reason);
                return true;
        }
    }

    private ReceiveResult ReceiveLoan(StreamRecord stream, Operation operation)
    {
        ReceiveResult got = stream.Handle.ReceiveZeroCopy(_slices);
        if (got.Status == CallStatus.MessageTooLong)
        {
            // As many as the longest message has: the peer's limit on messages bounds it.
            _slices = new PayloadSlice[got.Slices];
            got = stream.Handle.ReceiveZeroCopy(_slices);
        }

        if (got.Status == CallStatus.Ok && got.Slices > 0)
        {
            operation.Loan = loans.Rent(stream.Connection, _slices.AsSpan(0, got.Slices));
        }

        return got;
    }

    private void Arm(StreamRecord stream, int timer, Operation? first)
    {
        if (first is { } waiting && waiting.Deadline != Instant.Never)
        {
            _timed[timer / 2] = stream;
            _timers.Arm(timer, waiting.Deadline);
        }
        else if (_timed[timer / 2] == stream)
        {
            _timers.Cancel(timer);
        }
    }
}
