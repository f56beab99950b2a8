using System.Diagnostics;
using System.Globalization;
using NexStream.Driver.Links;
using NexStream.Perf.Memory;

namespace NexStream.Perf.Drivers;

/// <summary>The other process: this program again, told to receive.</summary>
internal sealed class ConsumerProcess : IDisposable
{
    private const int ConnectTimeoutMs = 10_000;
    private const int RetryMs = 20;

    private readonly string _name = $"perf-{Environment.ProcessId}";
    private readonly Process _process;

    public ConsumerProcess(PerfOptions options, bool isPing)
    {
        string program = Environment.ProcessPath ?? throw new LinkException("The program's own path is unknown, so that it cannot be started again.");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        if (System.IO.Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(System.IO.Path.Combine(AppContext.BaseDirectory, "nexstream.dll"));
        }

        string[] arguments =
        [
            "perf", "--consume", _name, "--link", "shm", "--mode", MemoryRun.ShortName(options.Mode), "--frame", Number(options.FrameBytes),
            "--streams", Number(options.Streams), "--window", Number(options.Window), "--seconds", options.Seconds.ToString(CultureInfo.InvariantCulture),
            .. options.Touch ? (string[])["--touch"] : [],
            .. options.ZeroCopy ? (string[])["--zero-copy"] : [],
            .. isPing ? (string[])["--ping"] : [],
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start) ?? throw new LinkException($"{program} could not be started again as the receiving process.");
    }

    /// <summary>Connects, as soon as the process listens.</summary>
    /// <exception cref="LinkException">It does not listen in time; the message says why the last attempt failed.</exception>
    public Link Connect(LinkLibrary library, LinkArena memory)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return library.Connect(_name, memory, DriverEnd.RingCapacity, ConnectTimeoutMs);
            }
            catch (LinkException) when (Stopwatch.GetElapsedTime(begin).TotalMilliseconds < ConnectTimeoutMs && !_process.HasExited)
            {
                _process.WaitForExit(RetryMs);
            }
        }
    }

    /// <summary>What the process prints.</summary>
    /// <exception cref="InvalidDataException">It ended without a result.</exception>
    public string ReadLine() => _process.StandardOutput.ReadLine()
        ?? throw new InvalidDataException("The receiving process ended without a result; what it wrote to the error output says why.");

    public void Dispose()
    {
        if (!_process.WaitForExit(ConnectTimeoutMs))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
