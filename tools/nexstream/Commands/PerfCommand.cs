using System.CommandLine;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Perf;
using NexStream.Perf.Drivers;
using NexStream.Perf.Memory;
using NexStream.Tool.Output;

namespace NexStream.Tool.Commands;

/// <summary>nexstream perf: what a data frame costs, and with --server and --client what two processes get over a link.</summary>
internal static class PerfCommand
{
    private const int FrameBytesMax = 1 << 19;
    private const int FecGroupMax = 64;
    private const int StreamsMax = 1 << 17;
    private const int ConnectionsMax = 1 << 17;
    private const int WindowMax = 1 << 14;

    private static readonly Option<string> s_mode = new("--mode") { Description = "The delivery mode: ro, ru, be or pr.", DefaultValueFactory = _ => "ro" };
    private static readonly Option<string> s_link = new("--link")
    {
        Description = "memory: two endpoints on one thread, no driver. loop: through drivers and the link layer, on one thread. shm: two processes on two cores. udp: as loop, over two sockets of this machine. With --server and --client an address: shm:NAME or udp:HOST:PORT.",
        DefaultValueFactory = _ => "memory",
    };

    private static readonly Option<int> s_frame = Number("--frame", "Application bytes in a data frame.", 1200, 64, FrameBytesMax);
    private static readonly Option<int> s_arenaFrame = Number("--arena-frame", "Bytes of a frame of the arenas; 0: those of a data frame.", 0, 0, FrameBytesMax);
    private static readonly Option<int> s_call = Number("--call", "Bytes that the application hands over, and reads, with one call: of the stream in RO, or of a message in RU, also in one lease; 0: those of a data frame.", 0, 0, FrameBytesMax);
    private static readonly Option<int> s_streams = Number("--streams", "Streams that carry data in turn.", 1, 1, StreamsMax);
    private static readonly Option<int> s_idleStreams = Number("--idle-streams", "Streams that are open and carry nothing.", 0, 0, StreamsMax);
    private static readonly Option<int> s_idleConnections = Number("--idle-connections", "Connections that are open and carry nothing; memory only.", 0, 0, ConnectionsMax);
    private static readonly Option<int> s_window = Number("--window", "Data frames under way at once.", PerfOptions.WindowDefault, 1, WindowMax);
    private static readonly Option<int> s_burst = Number("--burst", "Data frames of a window that are handed over before the application reads them; 0: all of it; memory only.", 0, 0, WindowMax);
    private static readonly Option<int> s_fecGroup = Number("--fec-group", "pr: messages of a group that gets repairs; 0: none does.", 0, 0, FecGroupMax);
    private static readonly Option<int> s_fecRepairs = Number("--fec-repairs", "pr: repairs of a group.", 0, 0, FecGroupMax);
    private static readonly Option<double> s_seconds = new("--seconds") { Description = "How long to measure.", HelpName = "S", DefaultValueFactory = _ => 2 };
    private static readonly Option<double> s_loss = CommonOptions.Share("--loss", "The share of data packets that is lost; memory only.");
    private static readonly Option<string> s_congestion = new("--congestion") { Description = "What decides how much is on its way: none, cubic or bbr; other than none in memory only.", DefaultValueFactory = _ => CongestionControllers.None.Name };
    private static readonly Option<ulong> s_seed = new("--seed") { Description = "What losses are drawn from.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<long> s_count = new("--count") { Description = "Move so many data frames and measure nothing, for a tool that counts instructions; memory only.", HelpName = "N" };
    private static readonly Option<bool> s_wireCopy = new("--wire-copy") { Description = "Copy each payload once between the two ends, as a network card would, into frames as large as --arena-frame; memory only." };
    private static readonly Option<bool> s_zeroCopy = new("--zero-copy") { Description = "Write into leased frames, and read lent ones." };
    private static readonly Option<bool> s_record = new("--record") { Description = "Measure with and without recording, in turn; memory only. With --touch the payload is a pattern that the trace names." };
    private static readonly Option<bool> s_touch = new("--touch") { Description = "Write every byte before it is sent, and check every byte that was read." };
    private static readonly Option<bool> s_histogram = new("--histogram") { Description = "Time the receiver's call for each frame by itself, for ten million frames; memory only." };
    /// <summary>65535 bytes less the headers of IP, UDP, NexLink, packet and data.</summary>
    private const int UdpFrameMax = 65_000;

    private static readonly Option<bool> s_ping = new("--ping") { Description = "Measure round trips of one frame instead; not in memory." };
    private static readonly Option<bool> s_sizes = new("--sizes") { Description = "Count what streams and connections occupy; no other option matters." };
    private static readonly Option<bool> s_coding = new("--coding") { Description = "Measure the making of repairs alone: --fec-group messages, --fec-repairs repairs, --frame bytes." };
    private static readonly Option<string?> s_consume = new("--consume") { Hidden = true };
    private static readonly Option<bool> s_json = CommonOptions.Json();

    public static Command Create()
    {
        s_mode.AcceptOnlyFromAmong("ro", "ru", "be", "pr");
        s_congestion.AcceptOnlyFromAmong("none", "cubic", "bbr");
        s_seconds.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<double>() is not (>= 0.1 and <= 3600))
            {
                result.AddError("--seconds is a number from 0.1 to 3600.");
            }
        });
        Command command = new(
            "perf",
            """
            Measures what a data frame costs, both ends together, beside what copying its bytes costs in the same run. Congestion control
            decides nothing here unless --congestion says so: the work for a frame is what is measured.

            With --server and --client it measures what two processes get, on one machine or two, as iperf3 does: congestion control and all.

            Examples:
              nexstream perf
              nexstream perf --mode ru --streams 100 --frame 8192 --json
              nexstream perf --link shm --frame 8192 --touch
              nexstream perf --server --link udp::5201
              nexstream perf --client --link udp:other.example:5201 --mode ru --streams 4 --duration 10s --reverse --json
            """)
        {
            s_mode, s_link, s_frame, s_arenaFrame, s_call, s_streams, s_idleStreams, s_idleConnections, s_window, s_burst, s_fecGroup, s_fecRepairs, s_seconds, s_congestion, s_loss, s_seed, s_count, s_wireCopy, s_zeroCopy,
            s_touch, s_record, s_histogram, s_ping, s_sizes, s_coding, s_consume, s_json,
        };
        ThroughputCommand.AddOptions(command);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        bool isJson = arguments.GetValue(s_json);
        if (ThroughputCommand.IsAsked(arguments))
        {
            return ThroughputCommand.Run(arguments, arguments.GetValue(s_link)!, arguments.GetValue(s_mode)!, arguments.GetValue(s_streams), isJson);
        }

        PerfOptions options = new()
        {
            Mode = arguments.GetValue(s_mode) switch
            {
                "ru" => TransportMode.ReliableUnordered,
                "be" => TransportMode.BestEffort,
                "pr" => TransportMode.Probabilistic,
                _ => TransportMode.ReliableOrdered,
            },
            FrameBytes = arguments.GetValue(s_frame),
            Streams = arguments.GetValue(s_streams),
            IdleStreams = arguments.GetValue(s_idleStreams),
            IdleConnections = arguments.GetValue(s_idleConnections),
            ArenaFrame = arguments.GetValue(s_arenaFrame),
            CallBytes = arguments.GetValue(s_call),
            Window = arguments.GetValue(s_window),
            Burst = arguments.GetValue(s_burst),
            FecGroup = arguments.GetValue(s_fecGroup),
            FecRepairs = arguments.GetValue(s_fecRepairs),
            Seconds = arguments.GetValue(s_seconds),
            Congestion = CongestionControllers.TryGet(arguments.GetValue(s_congestion)!, out ICongestionControllerFactory? congestion) ? congestion : CongestionControllers.None,
            Loss = arguments.GetValue(s_loss),
            Seed = arguments.GetValue(s_seed),
            WireCopy = arguments.GetValue(s_wireCopy),
            ZeroCopy = arguments.GetValue(s_zeroCopy),
            Touch = arguments.GetValue(s_touch),
        };
        string link = arguments.GetValue(s_link)!;
        if (Complaint(options, link, arguments) is { } complaint)
        {
            return Failure.Report(isJson, ExitCode.Usage, complaint);
        }

        try
        {
            return Measure(options, link, arguments, isJson);
        }
        catch (LinkException failure)
        {
            return Failure.Report(isJson, ExitCode.LinkUnavailable, failure.Message);
        }
        catch (InvalidDataException failure)
        {
            return Failure.Report(isJson, ExitCode.Failed, failure.Message);
        }
    }

    private static int Measure(PerfOptions options, string link, ParseResult arguments, bool isJson)
    {
        if (arguments.GetValue(s_consume) is { } name)
        {
            new ShmConsumer(options, name, arguments.GetValue(s_ping)).Run();
            return (int)ExitCode.Ok;
        }

        if (arguments.GetValue(s_count) is > 0 and long count)
        {
            Console.Out.WriteLine(MemoryRun.Move(options, count));
            return (int)ExitCode.Ok;
        }

        if (arguments.GetValue(s_sizes))
        {
            Print(SizeRun.Run(), isJson);
        }
        else if (arguments.GetValue(s_coding))
        {
            Print(CodingRun.Run(options), isJson);
        }
        else if (arguments.GetValue(s_record))
        {
            Print(RecordingRun.Run(options), isJson);
        }
        else if (arguments.GetValue(s_ping))
        {
            Print(PingRun.Run(options, link), isJson);
        }
        else if (arguments.GetValue(s_histogram))
        {
            Print(MemoryRun.ReceiveTimes(options), isJson);
        }
        else
        {
            PerfResult result = link switch
            {
                "loop" or "udp" => LoopRun.Run(options, link),
                "shm" => ShmRun.Run(options),
                _ => MemoryRun.Run(options),
            };
            if (isJson)
            {
                JsonOutput.Write(result, OutputContext.Default.PerfResult);
            }
            else
            {
                PerfTable.Write(Terminal.Out, result);
            }
        }

        return (int)ExitCode.Ok;
    }

    private static void Print(SizeResult result, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.SizeResult);
        }
        else
        {
            PerfTable.Write(Terminal.Out, result);
        }
    }

    private static void Print(CodingResult result, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.CodingResult);
        }
        else
        {
            PerfTable.Write(Terminal.Out, result);
        }
    }

    private static void Print(RecordingResult result, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.RecordingResult);
        }
        else
        {
            PerfTable.Write(Terminal.Out, result);
        }
    }

    private static void Print(LatencyResult result, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.LatencyResult);
        }
        else
        {
            PerfTable.Write(Terminal.Out, result);
        }
    }

    /// <summary>What is wrong with a combination of options; null: nothing.</summary>
    private static string? Complaint(PerfOptions options, string link, ParseResult arguments)
    {
        bool isMemory = link == "memory";
        return link is not ("memory" or "loop" or "shm" or "udp") ? $"--link is memory, loop, shm or udp, or with --server or --client an address; {link} is none of these."
            : options.Touch && options.FrameBytes % Pattern.WordSize != 0 ? $"--touch numbers words of {Pattern.WordSize} bytes: make --frame a multiple of {Pattern.WordSize}."
            : options is { ZeroCopy: true, ArenaFrame: > 0 } && Math.Max(options.CallBytes, options.FrameBytes) > options.ArenaFrame
                ? "With --zero-copy one lease holds what --call says, or else --frame: no more than --arena-frame, or leave that out."
            : options.ArenaFrame > 0 && options.ArenaFrame < options.ArenaFrameLeast
                ? $"The packets that --frame {options.FrameBytes} makes fit three frames of an arena only where --arena-frame is at least {options.ArenaFrameLeast}."
            : !isMemory && (options.WireCopy || options.Loss > 0 || options.IdleConnections > 0 || options.Congestion != CongestionControllers.None)
                ? $"--wire-copy, --loss, --idle-connections and --congestion are for --link memory; {link} has a real link."
            : !isMemory && (arguments.GetValue(s_count) > 0 || arguments.GetValue(s_histogram) || arguments.GetValue(s_record)) ? "--count, --histogram and --record are for --link memory."
            : options.Burst > 0 && (!isMemory || arguments.GetValue(s_histogram)) ? "--burst is for --link memory, without --histogram: drivers hand over what their options say, and a histogram a window."
            : isMemory && arguments.GetValue(s_ping) ? "--ping is for --link loop, shm and udp: in memory there is nobody to wait for."
            : link == "udp" && options.FrameBytes > UdpFrameMax ? $"--frame is at most {UdpFrameMax} for --link udp: a datagram has no more, with its headers."
            : options.FecGroup > 0 && options.Mode != TransportMode.Probabilistic ? "--fec-group is for --mode pr: the other modes have no repairs."
            : arguments.GetValue(s_coding) && (options.FecGroup == 0 || options.FecRepairs == 0) ? "--coding needs --mode pr, --fec-group and --fec-repairs: what is coded."
            : options.FecRepairs > options.FecGroup ? "--fec-repairs is more than --fec-group: a group has at most as many repairs as messages."
            : options.Congestion.Name != arguments.GetValue(s_congestion) ? $"--congestion {arguments.GetValue(s_congestion)} was left out when this program was built: take another."
            : options.Loss >= 1 ? "--loss 1 lets nothing through: choose less."
            : null;
    }

    private static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        Option<int> option = new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() is var value && (value < least || value > most))
            {
                result.AddError($"{name} is a number from {least} to {most}.");
            }
        });
        return option;
    }
}
