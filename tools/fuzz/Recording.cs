using NexStream.Core.Tracing;
using NexStream.Replay.Editing;

namespace NexStream.Tools.Fuzz;

/// <summary>
/// Traces of the endpoints of one run. They are made when a run failed and is done once more: to record all of them would cost more than what is looked for.
/// </summary>
internal static class Recording
{
    private static List<(string Name, MemoryTrace Trace, TraceRecorder Recorder)>? s_traces;

    /// <summary>From now on endpoints are recorded.</summary>
    public static void Begin() => s_traces = [];

    /// <summary>A recorder for an endpoint; null: nothing is recorded now.</summary>
    public static TraceRecorder? Of(string name)
    {
        if (s_traces is null)
        {
            return null;
        }

        var trace = new MemoryTrace();
        var recorder = new TraceRecorder(trace, TraceDetail.Full);
        s_traces.Add((name, trace, recorder));
        return recorder;
    }

    /// <summary>Ends it, and gives the traces.</summary>
    public static IReadOnlyList<byte[]> End()
    {
        byte[][] traces = [.. (s_traces ?? []).Select(trace => Complete(trace).Trace.Bytes.ToArray())];
        s_traces = null;
        return traces;
    }

    /// <summary>Writes what was recorded into a directory. Returns the files: <c>nexstream replay</c> and <c>nexstream trace minimize</c> take them.</summary>
    public static IReadOnlyList<string> End(string directory, string prefix)
    {
        var files = new List<string>();
        Directory.CreateDirectory(directory);
        foreach ((string name, MemoryTrace trace, TraceRecorder recorder) in s_traces ?? [])
        {
            string path = Path.Combine(directory, $"{prefix}-{name}.nxtrace");
            File.WriteAllBytes(path, Complete((name, trace, recorder)).Trace.Bytes.Span);
            files.Add(path);
        }

        s_traces = null;
        return files;
    }

    private static (string Name, MemoryTrace Trace, TraceRecorder Recorder) Complete((string Name, MemoryTrace Trace, TraceRecorder Recorder) trace)
    {
        trace.Recorder.Flush();
        return trace;
    }
}
