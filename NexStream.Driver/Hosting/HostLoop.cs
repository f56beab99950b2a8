using System.Net;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;

namespace NexStream.Driver.Hosting;

/// <summary>What the driver's thread does for a <see cref="NexStreamHost"/> after each turn: commands, events, time-outs, and at last the stop.</summary>
internal sealed class HostLoop : IDriverApplication
{
    /// <summary>Commands that one turn takes, so that traffic gets its turn under any load of them.</summary>
    private const int CommandBurst = 256;

    private readonly NexStreamHost _host;
    private readonly EndpointDriver _driver;
    private readonly NexStreamHostOptions _options;
    private readonly LoanPool _loans;
    private readonly StreamWork _streams;
    private readonly ConnectionWork _connections;
    private readonly Inquiries _inquiries;

    /// <summary>Whom was dialled already: the link keeps half as many as it knows peers.</summary>
    private readonly Dictionary<IPEndPoint, NodeId> _dialled = [];

    private bool _isStopping;
    private bool _isLastTurn;
    private Instant _stopAt = Instant.Never;

    public HostLoop(NexStreamHost host, EndpointDriver driver, NexStreamHostOptions options)
    {
        _host = host;
        _driver = driver;
        _options = options;
        _loans = new LoanPool(host, driver.Endpoint);
        _streams = new StreamWork(driver.Endpoint, _loans);
        _connections = new ConnectionWork(host, driver.Endpoint, _streams);
        _inquiries = new Inquiries(driver.Endpoint);
    }

    public bool OnTurn(Instant now)
    {
        // Before the commands, so that those find what has ended, and why; and after them, for what they brought forth.
        bool worked = TakeEvents();
        for (int i = 0; i < CommandBurst && _host.TryTake(out Command command); i++)
        {
            worked = true;
            Do(command, now);
        }

        worked |= TakeEvents();
        while (_driver.TryGetLinkLost(out LinkLost lost))
        {
            worked = true;
            OnLinkLost(lost.Remote, now);
        }

        worked |= _streams.FireTimeouts(now);
        if (_isStopping)
        {
            StepStop(now);
        }

        return worked;
    }

    public void OnEnd(Exception? failure)
    {
        try
        {
            foreach (ConnectionRecord connection in _connections.All.ToArray())
            {
                connection.HostFailure = failure;
                connection.IsClosing = true;
                _connections.OnClosed(connection, ReasonCode.Aborted, default);
            }

            _connections.FailAccepts(NexStreamHost.Stopped(failure));
        }
        finally
        {
            // Whatever else fails: who disposes of the host must not wait for ever.
            _host.OnEnd(failure);
        }
    }

    private bool TakeEvents()
    {
        bool any = false;
        while (_driver.Endpoint.TryGetEvent(out EndpointEvent item))
        {
            any = true;
            _connections.OnEvent(item);
        }

        return any;
    }

    private void Do(in Command command, Instant now)
    {
        switch (command.Kind)
        {
            case CommandKind.Start:
                Start((Operation)command.Subject!, now);
                break;
            case CommandKind.Cancel:
                Cancel((Operation)command.Subject!, command.Number, now);
                break;
            case CommandKind.Return:
                _loans.GiveBack((FrameLoan)command.Subject!);
                break;
            case CommandKind.CloseStream:
                CloseStream((StreamRecord)command.Subject!, null);
                break;
            case CommandKind.ResetStream:
                CloseStream((StreamRecord)command.Subject!, (ReasonCode)command.Number);
                break;
            case CommandKind.DiscardStream:
                ((StreamRecord)command.Subject!).IsDiscarding = true;
                _streams.Receive((StreamRecord)command.Subject!);
                break;
            case CommandKind.Abort:
                ((ConnectionRecord)command.Subject!).Handle.Abort(now, (ReasonCode)command.Number);
                break;
            default:
                BeginStop(now);
                break;
        }
    }

    private void Start(Operation operation, Instant now)
    {
        if (_isStopping && operation.Kind is OperationKind.Connect or OperationKind.AcceptConnection)
        {
            operation.Fail(NexStreamHost.Stopped(null));
            return;
        }

        try
        {
            switch (operation.Kind)
            {
                case OperationKind.Connect:
                    _connections.Connect(operation, operation.Address is { } address ? Dial(address) : operation.Remote, now);
                    break;
                case OperationKind.AcceptConnection:
                    _connections.Accept(operation);
                    break;
                case OperationKind.AcceptStream:
                    ConnectionWork.AcceptStream(operation);
                    break;
                case OperationKind.OpenStream:
                    _connections.Open(operation);
                    break;
                case OperationKind.CloseConnection:
                    _connections.Close(operation, now);
                    break;
                case OperationKind.HostStatistics or OperationKind.ConnectionStatistics or OperationKind.StreamStatistics or OperationKind.MessageLengthMax:
                    // A command before it may have ended what it asks about: how that ended is told first.
                    TakeEvents();
                    _inquiries.Answer(operation);
                    break;
                default:
                    _streams.Start(operation, now);
                    break;
            }
        }
        catch (Exception failure) when (!operation.IsQueued && Operation.IsCallersFault(failure))
        {
            operation.Fail(failure);
        }
        catch (LinkException failure)
        {
            operation.Fail(new NexStreamException(NexStreamError.LinkFailed, failure.Message, inner: failure));
        }
    }

    private void Cancel(Operation operation, long sequence, Instant now)
    {
        // One that has ended, and may be another by now, is not meant.
        if (operation.Sequence != sequence || !operation.IsQueued)
        {
            return;
        }

        NexStreamCanceledException why = new(StreamWork.Taken(operation), operation.Token);
        if (operation.Kind >= OperationKind.Send)
        {
            _streams.Withdraw(operation, why);
        }
        else
        {
            _connections.Withdraw(operation, why, now);
        }
    }

    private void CloseStream(StreamRecord stream, ReasonCode? reason)
    {
        if (stream.IsDisposed && reason is null)
        {
            return;
        }

        // Also after it was closed: what is not acknowledged is given up then.
        stream.IsDisposed = true;
        _ = reason is { } why ? stream.Handle.Reset(why) : stream.Handle.Close();
        _streams.EndAll(stream);
    }

    private NodeId Dial(IPEndPoint address)
    {
        if (_driver.Network is not { } network)
        {
            throw new ArgumentException($"The host has no network: connect to a node, or make the host with {nameof(NexStreamHost)}.{nameof(NexStreamHost.OpenUdp)}, or over a driver with {nameof(EndpointDriver.AttachNetwork)}.", nameof(address));
        }

        if (!_dialled.TryGetValue(address, out NodeId name))
        {
            name = network.Dial(address);
            _dialled.Add(address, name);
        }

        return name;
    }

    private void OnLinkLost(NodeId remote, Instant now)
    {
        foreach (ConnectionRecord connection in _connections.All.Where(connection => connection.Remote == remote).ToArray())
        {
            connection.IsLinkLost = true;
            connection.Handle.Abort(now, ReasonCode.PeerUnresponsive);
        }
    }

    private void BeginStop(Instant now)
    {
        _isStopping = true;
        _stopAt = now + _options.CloseTimeout;
        _connections.FailAccepts(NexStreamHost.Stopped(null));
        foreach (ConnectionRecord connection in _connections.All.ToArray())
        {
            _connections.BeginClose(connection, ReasonCode.None, now);
        }
    }

    /// <summary>The last answers go out with one turn more.</summary>
    private void StepStop(Instant now)
    {
        if (_isLastTurn)
        {
            _host.StopThread();
        }

        _isLastTurn = _connections.Count == 0 || now >= _stopAt;
        if (now >= _stopAt)
        {
            // Peers are told, and who waits for a close what was not delivered.
            foreach (ConnectionRecord connection in _connections.All)
            {
                connection.Handle.Abort(now);
            }
        }
    }
}
