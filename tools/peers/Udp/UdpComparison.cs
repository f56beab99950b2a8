using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NexStream.Peers.Cases;
using NexStream.Peers.Results;
using NexStream.Peers.Running;

namespace NexStream.Peers.Udp;

/// <summary>
/// nexstream perf between two processes over UDP and the loopback interface, beside iperf3 over TCP and LiteNetLib over UDP, in turn: one run of each in every round. It writes
/// a table.
/// </summary>
internal sealed class UdpComparison(Ours ours, Settings settings, TextWriter progress)
{
    /// <summary>What makes the tool do this.</summary>
    public const string Name = "udp";

    private const double BitsInGbit = 1e9;

    /// <summary>How long a server may take to listen, and a run to end beyond its seconds.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly (string Name, Func<UdpComparison, (double? Gbps, string? Problem)> Measure)[] _rows =
    [
        ("NexStream RO", self => self.MeasureOurs("ro")),
        ("NexStream RO, reverse", self => self.MeasureOurs("ro", "--reverse")),
        ("NexStream RO, 8 streams", self => self.MeasureOurs("ro", "--streams", "8")),
        ("NexStream RU, 16 KiB", self => self.MeasureOurs("ru")),
        ("NexStream BE, 1000 B", self => self.MeasureOurs("be")),
        ("NexStream PR, 1000 B", self => self.MeasureOurs("pr")),
        ("iperf3 TCP", self => self.MeasureIperf()),
        ("LiteNetLib reliable ordered, 1000 B", self => self.MeasureLiteNet("1000")),
        ("LiteNetLib reliable ordered, 8 KB", self => self.MeasureLiteNet("8192")),
    ];

    /// <summary>Measures and writes. Returns the exit code.</summary>
    public int Run(TextWriter output)
    {
        var figures = new List<double>[_rows.Length];
        var problems = new string?[_rows.Length];
        for (int round = 0; round < settings.Rounds; round++)
        {
            for (int i = 0; i < _rows.Length; i++)
            {
                (double? gbps, string? problem) = _rows[i].Measure(this);
                figures[i] ??= [];
                if (gbps is { } value)
                {
                    figures[i].Add(value);
                }

                problems[i] ??= problem;
                progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_rows[i].Name}: {(gbps is null ? problem : $"{gbps:F2} Gbit/s")}"));
            }
        }

        using (output)
        {
            Write(output, figures, problems);
        }

        return Array.TrueForAll(problems, problem => problem is null) ? 0 : 1;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private void Write(TextWriter output, List<double>[] figures, string?[] problems)
    {
        output.WriteLine("# Over UDP, on one machine");
        output.WriteLine();
        output.WriteLine("Made by `dotnet run -c Release --project tools/peers -- udp`.");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Machine.Describe()}. {settings.Rounds} rounds of {settings.Seconds} s, in each one run of every row in turn; median (minimum..maximum). All over the loopback interface, with the sender and the receiver in two processes (LiteNetLib: two pinned threads)."));
        output.WriteLine();
        output.WriteLine("| what | Gbit/s of the application, as received |");
        output.WriteLine("|---|---|");
        for (int i = 0; i < _rows.Length; i++)
        {
            string figure = Spread.Of(figures[i]) is { } spread
                ? string.Create(CultureInfo.InvariantCulture, $"{spread.Median:F2} ({spread.Min:F2}..{spread.Max:F2})")
                : "-";
            figure += problems[i] is { } problem ? $"; in {settings.Rounds - figures[i].Count} of {settings.Rounds} rounds: {problem}" : string.Empty;
            output.WriteLine($"| {_rows[i].Name} | {figure} |");
        }
    }

    private (double? Gbps, string? Problem) MeasureOurs(string mode, params string[] more)
    {
        string link = string.Create(CultureInfo.InvariantCulture, $"udp:127.0.0.1:{FreePort()}");
        string duration = string.Create(CultureInfo.InvariantCulture, $"{settings.Seconds * 1000:F0}ms");
        return WithServer(ours.Executable, [.. ours.Before, "perf", "--server", "--link", link, "--once", "--json"], () =>
        {
            (PeerResult? result, string? problem) = Command.Measure(
                ours.Executable, [.. ours.Before, "perf", "--client", "--link", link, "--mode", mode, "--duration", duration, "--json", .. more], settings.Seconds);
            return (result?.GoodputGbps, problem);
        });
    }

    private (double? Gbps, string? Problem) MeasureIperf()
    {
        string port = FreePort().ToString(CultureInfo.InvariantCulture);
        string seconds = Math.Max(1, Math.Ceiling(settings.Seconds)).ToString(CultureInfo.InvariantCulture);
        return WithServer("iperf3", ["-s", "-1", "-p", port], () =>
        {
            long begin = Stopwatch.GetTimestamp();
            while (true)
            {
                (int? code, string output, string error) = Command.Run("iperf3", ["-c", "127.0.0.1", "-p", port, "-t", seconds, "-J"], s_patience);
                if (code == 0 && IperfGbps(output) is { } gbps)
                {
                    return (gbps, null);
                }

                // The server may not listen yet: iperf3 says so in its JSON, and ends well.
                if (code is null || Stopwatch.GetElapsedTime(begin) > s_patience)
                {
                    return (null, error.Length > 0 ? error.Split('\n')[0] : "iperf3 gives no result: apt-get install iperf3");
                }
            }
        });
    }

    private static double? IperfGbps(string output)
    {
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.TryGetProperty("end", out JsonElement end) && end.TryGetProperty("sum_received", out JsonElement sum)
            ? sum.GetProperty("bits_per_second").GetDouble() / BitsInGbit
            : null;
    }

    private (double? Gbps, string? Problem) MeasureLiteNet(string size)
    {
        (PeerResult? result, string? problem) = Command.Measure(
            "dotnet",
            [typeof(UdpComparison).Assembly.Location, PeerCase.LiteNetLib, "reliable", "--size", size, "--seconds", settings.Seconds.ToString(CultureInfo.InvariantCulture)],
            settings.Seconds);
        return (result?.GoodputGbps, problem);
    }

    /// <summary>Measures while a server runs, which ends by itself after that.</summary>
    private static (double? Gbps, string? Problem) WithServer(string file, IEnumerable<string> arguments, Func<(double? Gbps, string? Problem)> measure)
    {
        try
        {
            using var server = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            (double? gbps, string? problem) = measure();
            if (!server.WaitForExit(gbps is null ? TimeSpan.Zero : s_patience))
            {
                server.Kill(entireProcessTree: true);
            }

            return (gbps, problem);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, $"{file} cannot be started");
        }
    }
}
