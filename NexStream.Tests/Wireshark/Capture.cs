using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NexStream.Tests.Wireshark;

/// <summary>What goes over the loopback interface to and from a port, while this lives, in a file.</summary>
internal sealed class Capture : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    /// <summary>What is sent behind everything else, so that its arrival in the file says that all before it is there.</summary>
    private static readonly byte[] s_end = [.. "the end of the capture"u8];

    private readonly Process _process;
    private readonly string _path;
    private readonly IPEndPoint _at;

    private Capture(Process process, string path, IPEndPoint at)
    {
        _process = process;
        _path = path;
        _at = at;
    }

    /// <summary>Begins. Returns null and why, where capturing is not permitted.</summary>
    public static (Capture? Capture, string Problem) TryStart(string path, IPEndPoint at)
    {
        if (Tshark.Find("dumpcap") is not { } dumpcap)
        {
            return (null, "dumpcap is not installed");
        }

        string filter = string.Create(CultureInfo.InvariantCulture, $"udp port {at.Port}");
        Process process = Process.Start(new ProcessStartInfo(dumpcap, ["-q", "-i", "lo", "-f", filter, "-w", path]) { RedirectStandardError = true })!;
        var capture = new Capture(process, path, at);

        // It says "File: NAME" when it listens, and something else when it may not.
        string said = string.Empty;
        while (process.StandardError.ReadLine() is { } line)
        {
            said = line;
            if (line.StartsWith("File:", StringComparison.Ordinal))
            {
                _ = process.StandardError.ReadToEndAsync();
                return capture.Sees() ? (capture, string.Empty) : (null, capture.Abandon("dumpcap sees nothing on the loopback interface"));
            }
        }

        return (null, capture.Abandon(said));
    }

    /// <summary>Ends when everything that was sent so far is in the file.</summary>
    public bool TryComplete() => Sees();

    /// <summary>Whether a datagram only tells how far the capture is.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> datagram) => datagram.SequenceEqual(s_end);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private string Abandon(string why)
    {
        Dispose();
        return why;
    }

    private bool Sees()
    {
        int before = CountEnds();
        long begin = Stopwatch.GetTimestamp();
        using var socket = new Socket(_at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        while (CountEnds() == before)
        {
            socket.SendTo(s_end, _at);
            if (_process.WaitForExit(s_pause) || Stopwatch.GetElapsedTime(begin) > s_limit)
            {
                return false;
            }
        }

        return true;
    }

    private int CountEnds()
    {
        using var file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes.AsSpan().Count(s_end);
    }
}
