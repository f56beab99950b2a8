using System.Net;
using System.Threading.Tasks.Sources;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;

namespace NexStream.Driver.Hosting;

/// <summary>
/// One operation from its start to the await of its result, and then another one: pooled, so that nothing is allocated. Its fields belong to the caller until it
/// is submitted, to the driver's thread until it is completed, and to whoever awaits it from then on. Continuations go to the thread pool.
/// </summary>
internal sealed class Operation(OperationPool pool)
    : IValueTaskSource, IValueTaskSource<int>, IValueTaskSource<ReceivedMessage>, IValueTaskSource<SendLease>, IValueTaskSource<ReceiveLease>,
        IValueTaskSource<NexStreamConnection>, IValueTaskSource<NexStreamStream>, IValueTaskSource<DrainReport>,
        IValueTaskSource<EndpointStatistics>, IValueTaskSource<ConnectionStatistics>, IValueTaskSource<StreamStatistics>
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;

    public OperationKind Kind { get; private set; }

    /// <summary>Another for each use, so that a late cancellation does not reach the next one.</summary>
    public long Sequence { get; private set; }

    public short Version => _core.Version;

    public CancellationToken Token { get; private set; }

    public StreamRecord? Stream { get; set; }

    public ConnectionRecord? Connection { get; set; }

    public ReadOnlyMemory<byte> Source { get; set; }

    public Memory<byte> Destination { get; set; }

    public SendOptions Options { get; set; }

    public FrameLoan? Loan { get; set; }

    public StreamConfig StreamConfig { get; set; }

    public ProbabilisticConfig Delivery { get; set; }

    public ConnectionConfig? ConnectionConfig { get; set; }

    public NodeId Remote { get; set; }

    public IPEndPoint? Address { get; set; }

    public ReasonCode Reason { get; set; }

    /// <summary>How long it may take, in nanoseconds; 0: any time.</summary>
    public long TimeoutNs { get; set; }

    public Instant Deadline { get; set; } = Instant.Never;

    /// <summary>Bytes that a send has handed over, that a receive got, or that are to be sent of a lease.</summary>
    public int Bytes { get; set; }

    public ulong? MessageNumber { get; set; }

    public DrainReport Report { get; set; }

    /// <summary>What the host, a connection or a stream has done; boxed, so that operations that carry data do not carry room for it.</summary>
    public object? Statistics { get; set; }

    public Operation? Next { get; set; }

    public bool IsQueued { get; set; }

    /// <summary>Whether a configuration is out of range, or wants what the program was built without: the caller's fault, and to be told to him.</summary>
    public static bool IsCallersFault(Exception failure) => failure is ArgumentException or NotSupportedException;

    public void Begin(OperationKind kind, CancellationToken token)
    {
        Kind = kind;
        Token = token;
        Sequence++;
    }

    /// <summary>From here on a cancellation is told to the driver's thread. Called after the submission, so that it comes behind that.</summary>
    public void ListenForCancellation()
    {
        if (Token.CanBeCanceled)
        {
            _registration = Token.UnsafeRegister(static state => ((Operation)state!).Cancel(), this);
        }
    }

    public void Complete()
    {
        pool.OnCompleted();
        _core.SetResult(true);
    }

    public void Fail(Exception failure)
    {
        pool.OnCompleted();
        _core.SetException(failure);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token) => Take(token, static _ => true);

    int IValueTaskSource<int>.GetResult(short token) => Take(token, static operation => operation.Bytes);

    ReceivedMessage IValueTaskSource<ReceivedMessage>.GetResult(short token) => Take(token, static operation => new ReceivedMessage(operation.Bytes, operation.MessageNumber));

    SendLease IValueTaskSource<SendLease>.GetResult(short token) => Take(token, static operation => new SendLease(operation.Loan!));

    ReceiveLease IValueTaskSource<ReceiveLease>.GetResult(short token) =>
        Take(token, static operation => operation.Loan is { } loan ? new ReceiveLease(loan, operation.MessageNumber) : default);

    NexStreamConnection IValueTaskSource<NexStreamConnection>.GetResult(short token) => Take(token, static operation => operation.Connection!.Owner);

    NexStreamStream IValueTaskSource<NexStreamStream>.GetResult(short token) => Take(token, static operation => operation.Stream!.Owner);

    DrainReport IValueTaskSource<DrainReport>.GetResult(short token) => Take(token, static operation => operation.Report);

    EndpointStatistics IValueTaskSource<EndpointStatistics>.GetResult(short token) => Take(token, static operation => (EndpointStatistics)operation.Statistics!);

    ConnectionStatistics IValueTaskSource<ConnectionStatistics>.GetResult(short token) => Take(token, static operation => (ConnectionStatistics)operation.Statistics!);

    StreamStatistics IValueTaskSource<StreamStatistics>.GetResult(short token) => Take(token, static operation => (StreamStatistics)operation.Statistics!);

    private T Take<T>(short token, Func<Operation, T> read)
    {
        // An await too early, or of another use, must not free what is under way.
        bool isOwn = token == _core.Version && _core.GetStatus(token) != ValueTaskSourceStatus.Pending;
        try
        {
            _core.GetResult(token);
            return read(this);
        }
        finally
        {
            if (isOwn)
            {
                Recycle();
            }
        }
    }

    private void Cancel() => pool.Host.Post(new Command(CommandKind.Cancel, this, Sequence));

    private void Recycle()
    {
        // It waits for a callback that runs: none sees the next use.
        _registration.Dispose();
        _registration = default;
        Token = default;
        Stream = null;
        Connection = null;
        Source = default;
        Destination = default;
        Options = default;
        Loan = null;
        ConnectionConfig = null;
        Address = null;
        Reason = default;
        TimeoutNs = 0;
        Deadline = Instant.Never;
        Bytes = 0;
        MessageNumber = null;
        Report = default;
        Statistics = null;
        _core.Reset();
        pool.Return(this);
    }
}
