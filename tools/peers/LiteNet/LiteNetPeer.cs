using System.Diagnostics;
using System.Globalization;

namespace NexStream.Peers.LiteNet;

/// <summary>LiteNetLib between two pinned threads, over UDP and the loopback interface, reliable and ordered.</summary>
internal static class LiteNetPeer
{
    private const int SenderCore = 0;
    private const int ReceiverCore = 1;

    // The compiler at run time needs this long to have done its best.
    private const double WarmUpSeconds = 0.5;

    /// <summary>Runs it and prints one line of JSON.</summary>
    /// <param name="arguments">The kind, then the options.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments)
    {
        LiteNetOptions? options = arguments is ["reliable", .. string[] rest] ? LiteNetOptions.Parse(rest) : null;
        if (options is null)
        {
            Console.Error.WriteLine("litenetlib reliable [--seconds S] [--size BYTES] [--touch] [--ping]");
            return 2;
        }

        var receiver = new LiteNetReceiver(options);
        using var ready = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            Core.Pin(ReceiverCore);
            receiver.Start();
            ready.Set();
            receiver.Loop();
        });
        thread.Start();
        ready.Wait();
        Core.Pin(SenderCore);
        var sender = new LiteNetSender(options);
        sender.Connect(receiver.Port);
        Action<double> send = options.Ping ? sender.Ping : sender.Flood;
        send(WarmUpSeconds);
        long messages = receiver.Messages;
        long begin = Stopwatch.GetTimestamp();
        send(options.Seconds);
        receiver.Stop();
        thread.Join();
        sender.Close();
        Console.WriteLine(options.Ping ? sender.PingLine() : Line(options, receiver.Messages - messages, Stopwatch.GetElapsedTime(begin, receiver.LastMessage)));
        return 0;
    }

    private static string Line(LiteNetOptions options, long messages, TimeSpan elapsed)
    {
        double ns = elapsed.TotalNanoseconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"peer\":\"litenetlib\",\"case\":\"reliable\",\"size\":{options.Size},\"goodput_gbps\":{messages * options.Size * 8 / ns:F4},"
            + $"\"packets_per_s\":{messages * 1e9 / ns:F0},\"ns_per_packet\":{ns / messages:F1}}}");
    }
}
