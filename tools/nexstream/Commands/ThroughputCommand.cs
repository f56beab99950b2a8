using System.CommandLine;
using System.Globalization;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tool.Output;
using NexStream.Tool.Throughput;
using NexStream.Tool.Transfer;

namespace NexStream.Tool.Commands;

/// <summary>nexstream perf --server and --client: what two processes get over a link.</summary>
internal static class ThroughputCommand
{
    private const long DurationDefault = 10 * Instant.Second;

    private static readonly Option<bool> s_server = new("--server") { Description = "Serve clients at --link until Ctrl-C." };
    private static readonly Option<bool> s_client = new("--client") { Description = "Measure with the server at --link." };
    private static readonly Option<bool> s_once = new("--once") { Description = "server: end after the first measurement." };
    private static readonly Option<bool> s_reverse = new("--reverse") { Description = "client: the server sends." };
    private static readonly Option<long> s_duration = CommonOptions.Duration("--duration", "client: how long to send; 10s.");
    private static readonly Option<int> s_size = new("--size") { Description = "client: bytes of a message, or of a write in RO; 128 KiB in ro, 16 KiB in ru, 1000 in be and pr.", HelpName = "BYTES" };

    public static void AddOptions(Command command)
    {
        foreach (Option option in new Option[] { s_server, s_client, s_once, s_reverse, s_duration, s_size })
        {
            command.Add(option);
        }
    }

    /// <summary>Whether this is what is wanted of perf.</summary>
    public static bool IsAsked(ParseResult arguments) => arguments.GetValue(s_server) || arguments.GetValue(s_client);

    public static int Run(ParseResult arguments, string link, string modeName, int streams, bool isJson)
    {
        if (arguments.GetValue(s_server) && arguments.GetValue(s_client))
        {
            return Failure.Report(isJson, ExitCode.Usage, "--server and --client are two processes: start one of each.");
        }

        if (!LinkAddress.TryParse(link, out LinkAddress? address))
        {
            return Failure.Report(isJson, ExitCode.Usage, $"--link {link} is no address: shm:NAME or udp:HOST:PORT, with an IPv6 address in brackets.");
        }

        try
        {
            using Interrupt interrupt = new();
            return arguments.GetValue(s_server)
                ? Serve(address!, arguments.GetValue(s_once), isJson, interrupt.Token)
                : Measure(arguments, address!, modeName, streams, isJson, interrupt.Token);
        }
        catch (LinkException failure)
        {
            return Failure.Report(isJson, ExitCode.LinkUnavailable, failure.Message);
        }
    }

    private static int Serve(LinkAddress address, bool once, bool isJson, CancellationToken stop)
    {
        bool isOk = true;
        using ThroughputServer server = new(address, interval => Tell(interval, isJson), result =>
        {
            isOk &= result.Ok;
            Print(result, isJson);
        });
        if (!isJson && !Console.IsErrorRedirected)
        {
            Console.Error.WriteLine($"Listening on {server.Address}; Ctrl-C ends.");
        }

        server.Run(once, stop);
        return (int)(isOk || !once ? ExitCode.Ok : ExitCode.Failed);
    }

    private static int Measure(ParseResult arguments, LinkAddress address, string modeName, int streams, bool isJson, CancellationToken stop)
    {
        TransportMode mode = modeName switch
        {
            "ru" => TransportMode.ReliableUnordered,
            "be" => TransportMode.BestEffort,
            "pr" => TransportMode.Probabilistic,
            _ => TransportMode.ReliableOrdered,
        };
        int size = arguments.GetValue(s_size) is > 0 and int given ? given : ThroughputModes.StandardSize(mode);
        long durationMs = (arguments.GetValue(s_duration) is > 0 and long ns ? ns : DurationDefault) / Instant.Millisecond;
        if (size > ThroughputRequest.BytesMax || streams > ThroughputRequest.StreamsMax || durationMs is < 1 or > ThroughputRequest.DurationMsMax)
        {
            return Failure.Report(isJson, ExitCode.Usage, string.Create(
                CultureInfo.InvariantCulture,
                $"With --client --size is at most {ThroughputRequest.BytesMax}, --streams at most {ThroughputRequest.StreamsMax} and --duration from 1ms to a day."));
        }

        using ThroughputClient client = new(address);
        ThroughputResult result = client.Run(
            new ThroughputRequest(mode, arguments.GetValue(s_reverse), streams, size, (int)durationMs), interval => Tell(interval, isJson), stop);
        Print(result, isJson);
        return (int)(result.Ok ? ExitCode.Ok : stop.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Failed);
    }

    private static void Tell(ThroughputInterval interval, bool isJson)
    {
        if (!isJson)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{interval.FromS,6:F2}-{interval.ToS,-6:F2} s  {Quantity.Bytes(interval.Bytes),10}  {Quantity.Rate(interval.Mbps),14}  {interval.Retransmissions,6} again  rtt {interval.RttMs:F2} ms  window {Quantity.Window(interval.CwndBytes)}"));
        }
    }

    private static void Print(ThroughputResult result, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(result, OutputContext.Default.ThroughputResult);
            return;
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sender    {Quantity.Bytes(result.SentBytes),10}  {Quantity.Rate(result.SenderMbps),14}  {result.SentMessages} messages, {result.Retransmissions} packets again, {result.PacketsLost} lost"));
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"receiver  {Quantity.Bytes(result.ReceivedBytes),10}  {Quantity.Rate(result.ReceiverMbps),14}  {result.ReceivedMessages} messages"));
        if (result.Error is not null)
        {
            Console.Error.WriteLine($"nexstream: {result.Error}");
        }
    }
}
