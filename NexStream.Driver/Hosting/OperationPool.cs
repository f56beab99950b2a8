namespace NexStream.Driver.Hosting;

/// <summary>Operations that are not in use, and how many are. Any thread may use it.</summary>
internal sealed class OperationPool(NexStreamHost host, int pendingMax)
{
    /// <summary>Unused operations that are kept: what a busy service has under way at a time. More than these are left to the collector.</summary>
    private const int KeptMax = 1024;

    private readonly Lock _lock = new();
    private readonly Stack<Operation> _unused = new(KeptMax);
    private int _pending;

    public NexStreamHost Host => host;

    /// <summary>An operation that counts as under way from now on.</summary>
    /// <exception cref="NexStreamException">There are too many.</exception>
    public Operation Rent(OperationKind kind, CancellationToken token)
    {
        if (Interlocked.Increment(ref _pending) > pendingMax)
        {
            Interlocked.Decrement(ref _pending);
            throw new NexStreamException(
                NexStreamError.LimitReached,
                $"{pendingMax} operations are under way: await some of them, or raise {nameof(NexStreamHostOptions)}.{nameof(NexStreamHostOptions.MaxPendingOperations)}.");
        }

        Operation? operation;
        lock (_lock)
        {
            _unused.TryPop(out operation);
        }

        operation ??= new Operation(this);
        operation.Begin(kind, token);
        return operation;
    }

    public void OnCompleted() => Interlocked.Decrement(ref _pending);

    public void Return(Operation operation)
    {
        lock (_lock)
        {
            if (_unused.Count < KeptMax)
            {
                _unused.Push(operation);
            }
        }
    }
}
