using System.Collections.Concurrent;
using System.Net;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Driver.Idle;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;

namespace NexStream.Driver.Hosting;

/// <summary>
/// An endpoint to await: it owns a driver and the thread that turns it. Any thread may call; what it wants goes to the driver's thread through a queue, which alone
/// touches the endpoint, and what comes back continues on the thread pool: no code of the application's runs on the driver's thread. docs/async.md.
/// </summary>
public sealed class NexStreamHost : IAsyncDisposable
{
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EndpointDriver _driver;
    private readonly IReadOnlyList<IDisposable> _owned;
    private readonly DedicatedDriver _thread;
    private volatile bool _isEnded;
    private Exception? _failure;
    private int _isDisposed;

    /// <summary>The host and each loan: the last of them gives the memory back.</summary>
    private int _memoryHolders = 1;

    /// <summary>Starts a host over a driver whose links, and whose network if it shall have one, are attached.</summary>
    /// <param name="driver">The driver, which from now on is the host's: nobody else may touch it or its endpoint, and the host disposes of it. It stays the caller's where this throws.</param>
    /// <param name="options">Bounds and telemetry; null for the defaults.</param>
    /// <param name="owned">What is disposed of behind the driver: the memory of its links.</param>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it.</exception>
    /// <exception cref="InvalidOperationException">Telemetry is asked for, and the driver has it already, or its endpoint has another observer.</exception>
    /// <exception cref="IOException">The file that shows the telemetry to other processes cannot be made; <see cref="TelemetryOptions.IsShared"/> does without.</exception>
    public NexStreamHost(EndpointDriver driver, NexStreamHostOptions? options = null, params IReadOnlyList<IDisposable> owned)
    {
        ArgumentNullException.ThrowIfNull(driver);
        options ??= new NexStreamHostOptions();
        options.Validate();
        _driver = driver;
        _owned = owned;
        Node = driver.Endpoint.Node;
        LocalEndPoint = driver.Network?.LocalEndPoint;
        Operations = new OperationPool(this, options.MaxPendingOperations);
        HostLoop loop = new(this, driver, options);
        if (options.TelemetryName is { } name)
        {
            // While the driver is still this thread's.
            DriverTelemetry.Attach(driver, name, options.Telemetry);
        }

        _thread = DedicatedDriver.Start(driver, loop, new BackoffIdleStrategy(), options.ProcessorCore);
    }

    /// <summary>The host's node.</summary>
    public NodeId Node { get; }

    /// <summary>The address of the socket; null for a host without one.</summary>
    public IPEndPoint? LocalEndPoint { get; }

    /// <summary>Whether the thread runs.</summary>
    public bool IsRunning => !_isEnded;

    internal OperationPool Operations { get; }

    /// <summary>Commands that the driver's thread has not taken yet.</summary>
    internal int CommandCount => _commands.Count;

    /// <summary>Opens a socket, and starts a host over it that calls and accepts.</summary>
    /// <param name="options">Where, and bounds; null: any free port on all addresses.</param>
    /// <param name="hostOptions">Bounds and telemetry; null for the defaults.</param>
    /// <exception cref="LinkException">The port is taken, the address is none of this machine's, or a bound is out of range.</exception>
    /// <exception cref="ArgumentException">A setting is out of its range; the message names it.</exception>
    /// <exception cref="IOException">The file that shows the telemetry to other processes cannot be made; <see cref="TelemetryOptions.IsShared"/> does without.</exception>
    public static NexStreamHost OpenUdp(UdpHostOptions? options = null, NexStreamHostOptions? hostOptions = null)
    {
        options ??= new UdpHostOptions();
        LinkLibrary library = LinkLibrary.Load();
        LinkArena memory = library.CreateArena(UdpHostOptions.FrameSize, options.MemorySize / UdpHostOptions.FrameSize);
        EndpointDriver? driver = null;
        try
        {
            driver = new EndpointDriver(new Endpoint(options.Complete(), memory.CreateFrameArena()));
            driver.AttachNetwork(library.OpenUdp(memory, options.Udp));
            return new NexStreamHost(driver, hostOptions, memory);
        }
        catch
        {
            driver?.Dispose();
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Opens a socket at an address, and starts a host over it.</summary>
    /// <exception cref="LinkException">The port is taken, or the address is none of this machine's.</exception>
    public static NexStreamHost OpenUdp(IPEndPoint local) => OpenUdp(new UdpHostOptions { Udp = new UdpOptions { Local = local } });

    /// <summary>Opens a connection to a node that a link leads to.</summary>
    /// <param name="remote">The node.</param>
    /// <param name="config">Limits and time-outs, the time to answer among them; null: those of the endpoint.</param>
    /// <param name="cancellation">Gives it up.</param>
    public ValueTask<NexStreamConnection> ConnectAsync(NodeId remote, ConnectionConfig? config = null, CancellationToken cancellation = default)
    {
        Operation operation = Operations.Rent(OperationKind.Connect, cancellation);
        operation.Remote = remote;
        operation.ConnectionConfig = config;
        return new ValueTask<NexStreamConnection>(operation, Submit(operation));
    }

    /// <summary>Opens a connection to whoever listens at an address.</summary>
    /// <exception cref="ArgumentException">The host's driver has no network.</exception>
    public ValueTask<NexStreamConnection> ConnectAsync(IPEndPoint address, ConnectionConfig? config = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        Operation operation = Operations.Rent(OperationKind.Connect, cancellation);
        operation.Address = address;
        operation.ConnectionConfig = config;
        return new ValueTask<NexStreamConnection>(operation, Submit(operation));
    }

    /// <summary>Waits for the next connection of a peer's.</summary>
    public ValueTask<NexStreamConnection> AcceptAsync(CancellationToken cancellation = default)
    {
        Operation operation = Operations.Rent(OperationKind.AcceptConnection, cancellation);
        return new ValueTask<NexStreamConnection>(operation, Submit(operation));
    }

    /// <summary>What the endpoint holds now, over all connections, and what it has dropped outside of any.</summary>
    /// <exception cref="NexStreamException"><see cref="NexStreamError.HostStopped"/>: what it has counted is gone.</exception>
    public ValueTask<EndpointStatistics> GetStatisticsAsync(CancellationToken cancellation = default)
    {
        Operation operation = Operations.Rent(OperationKind.HostStatistics, cancellation);
        return new ValueTask<EndpointStatistics>(operation, Submit(operation));
    }

    /// <summary>
    /// Closes all connections gracefully, for at most <see cref="NexStreamHostOptions.CloseTimeout"/>, and ends the thread. What is under way then fails with
    /// <see cref="NexStreamError.HostStopped"/> or its connection's end. Memory stays until the last lease is given back.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Post(new Command(CommandKind.Stop, null));
            await _ended.Task.ConfigureAwait(false);
            _thread.Dispose();

            // A lease may keep the driver for long; there is nothing to be seen of it any more.
            _driver.Telemetry?.Dispose();
            ReleaseMemory();
        }
        else
        {
            await _ended.Task.ConfigureAwait(false);
        }
    }

    internal static NexStreamException Stopped(Exception? why, int taken = 0) => why is null
        ? new(NexStreamError.HostStopped, "The host was disposed of.") { BytesTaken = taken }
        : new(NexStreamError.HostStopped, $"The host's thread failed; dispose of the host and make another. {why.Message}", inner: why) { BytesTaken = taken };

    /// <summary>Hands an operation to the driver's thread. Returns its version, for the task.</summary>
    internal short Submit(Operation operation)
    {
        short version = operation.Version;
        if (operation.Token.IsCancellationRequested)
        {
            Refuse(operation, new NexStreamCanceledException(0, operation.Token));
            return version;
        }

        Post(new Command(CommandKind.Start, operation));
        operation.ListenForCancellation();
        return version;
    }

    internal void Post(in Command command)
    {
        _commands.Enqueue(command);
        _driver.Wake();
        if (_isEnded)
        {
            // Nobody takes it any more: either this call does, or the thread's last one did.
            Drain();
        }
    }

    internal bool TryTake(out Command command) => _commands.TryDequeue(out command);

    internal Span<byte> BytesOf(in PayloadSlice slice) => _driver.Endpoint.Bytes(slice);

    internal void HoldMemory() => Interlocked.Increment(ref _memoryHolders);

    internal void ReleaseMemory()
    {
        if (Interlocked.Decrement(ref _memoryHolders) == 0)
        {
            _driver.Dispose();
            foreach (IDisposable owned in _owned)
            {
                owned.Dispose();
            }
        }
    }

    /// <summary>Ends the thread after its turn. Called by the thread itself.</summary>
    internal void StopThread() => _thread.Stop();

    /// <summary>The last that the thread does.</summary>
    internal void OnEnd(Exception? failure)
    {
        _failure = failure;
        _isEnded = true;
        Drain();
        _ended.TrySetResult();
    }

    private void Drain()
    {
        while (_commands.TryDequeue(out Command command))
        {
            if (command is { Kind: CommandKind.Start, Subject: Operation operation })
            {
                Refuse(operation, Stopped(_failure));
            }
            else if (command.Kind == CommandKind.Return)
            {
                ReleaseMemory();
            }
        }
    }

    private void Refuse(Operation operation, Exception why)
    {
        // A lease was taken from its owner; the thread that could give the frame back may be gone, and then so is the endpoint.
        if (operation is { Kind: OperationKind.SendLease, Loan: { } loan })
        {
            Post(new Command(CommandKind.Return, loan));
        }

        operation.Fail(why);
    }
}
