using System.Runtime.InteropServices;

namespace NexStream.Tool.Commands;

/// <summary>Turns Ctrl-C and a request to end into a token, so that work ends in order.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public Interrupt()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        // The second one ends the process as usual: whoever asks twice does not want to wait.
        context.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
