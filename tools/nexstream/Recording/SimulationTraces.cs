using NexStream.Core.Tracing;
using NexStream.Driver.Tracing;

namespace NexStream.Tool.Recording;

/// <summary>The traces of all endpoints of a simulation, in a directory.</summary>
internal sealed class SimulationTraces : IDisposable
{
    private readonly string _directory;
    private readonly List<(TraceFile File, TraceRecorder Recorder)> _traces = [];

    /// <exception cref="IOException">The directory cannot be made.</exception>
    public SimulationTraces(string directory)
    {
        Directory.CreateDirectory(directory);
        _directory = directory;
    }

    /// <summary>A recorder for one endpoint.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public TraceRecorder Record(string name)
    {
        var file = new TraceFile(Path.Combine(_directory, $"{name}.nxtrace"));
        var recorder = new TraceRecorder(file);
        _traces.Add((file, recorder));
        return recorder;
    }

    /// <summary>Writes what the recorders still have, also when an endpoint threw.</summary>
    public void Dispose()
    {
        foreach ((TraceFile file, TraceRecorder recorder) in _traces)
        {
            recorder.Flush();
            file.Dispose();
        }

        _traces.Clear();
    }
}
