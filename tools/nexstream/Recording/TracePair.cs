using NexStream.Core.Tracing;
using NexStream.Driver.Tracing;

namespace NexStream.Tool.Recording;

/// <summary>The traces of two endpoints in a directory: client.nxtrace and server.nxtrace.</summary>
internal sealed class TracePair : IDisposable
{
    private readonly TraceFile _clientFile;
    private readonly TraceFile _serverFile;
    private bool _isDisposed;

    /// <exception cref="IOException">The directory or a file cannot be made.</exception>
    public TracePair(string directory, TraceDetail detail, IReadOnlyList<IPayloadGenerator>? generators = null)
    {
        Directory.CreateDirectory(directory);
        _clientFile = new TraceFile(Path.Combine(directory, "client.nxtrace"));
        _serverFile = new TraceFile(Path.Combine(directory, "server.nxtrace"));
        Client = new TraceRecorder(_clientFile, detail, generators);
        Server = new TraceRecorder(_serverFile, detail, generators);
    }

    public TraceRecorder Client { get; }

    public TraceRecorder Server { get; }

    public string ClientPath => _clientFile.Path;

    public string ServerPath => _serverFile.Path;

    /// <summary>Writes what the recorders still have, also when the run was ended by an exception: then that is what the trace ends with.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Client.Flush();
        Server.Flush();
        _clientFile.Dispose();
        _serverFile.Dispose();
    }
}
