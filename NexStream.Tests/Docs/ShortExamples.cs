using System.Net;
using Microsoft.Extensions.Hosting;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Core.Tracing;
using NexStream.Driver;
using NexStream.Driver.Hosting;
using NexStream.Driver.Observability;
using NexStream.Driver.Tracing;
using NexStream.Orleans;

namespace NexStream.Tests.Docs;

/// <summary>The samples of a few lines that documents show, each in a method that runs it.</summary>
internal static class ShortExamples
{
    public static (Endpoint Endpoint, ConnectionHandle Connection) ChooseController(NodeId node, byte[] key, FrameArena arena, NodeId remote, Instant now)
    {
        #region CHOICE
        EndpointConfig config = new() { Node = node, Key = key, Congestion = CongestionControllers.Cubic, CongestionChoices = [CongestionControllers.Bbr] };
        Endpoint endpoint = new(config, arena);
        endpoint.Connect(remote, now, out ConnectionHandle connection, new ConnectionConfig { Congestion = "bbr" });
        #endregion
        return (endpoint, connection);
    }

    public static async Task UseControllerAsync(Func<NexStreamHost, Task> run)
    {
        #region CONTROLLER
        UdpHostOptions options = new();
        options = options with { Endpoint = options.Endpoint with { Congestion = new AdditiveIncreaseFactory() } };
        await using NexStreamHost host = NexStreamHost.OpenUdp(options);
        #endregion
        await run(host);
    }

    public static async Task ServeAsync(IPEndPoint here, CancellationToken stop)
    {
        #region SERVE
        await using NexStreamHost host = NexStreamHost.OpenUdp(here);   // an IPEndPoint, as 0.0.0.0:4433
        await AsyncEcho.ServeAsync(host, stop);   // ends with an OperationCanceledException
        #endregion
    }

    public static void Watch(EndpointDriver driver, Action run)
    {
        #region TELEMETRY
        using DriverTelemetry telemetry = DriverTelemetry.Attach(driver, "orders");   // before the driver runs, or on its thread
        #endregion
        run();
    }

    public static async Task WatchHostAsync(Func<NexStreamHost, Task> run)
    {
        #region SHOWN
        NexStreamHostOptions shown = new() { TelemetryName = "shop" };   // and Telemetry, for how much and how often
        await using NexStreamHost host = NexStreamHost.OpenUdp(hostOptions: shown);
        #endregion
        await run(host);
    }

    public static async Task<string> DescribeAsync(NexStreamConnection connection, NexStreamStream stream)
    {
        #region STATISTICS
        PathStatistics path = (await connection.GetStatisticsAsync()).Path;   // NexStream.Core.Stats
        StreamStatistics data = await stream.GetStatisticsAsync();
        string now = $"{path.PacketsLost} of {path.PacketsSent} packets lost, {path.SmoothedRttNs} ns there and back, {data.SendBuffered} bytes on their way";
        #endregion
        return now;
    }

    public static void Record(string path, EndpointConfig config, FrameArena arena, Action<Endpoint> run)
    {
        #region RECORDING
        using TraceFile file = new(path);                  // NexStream.Driver.Tracing; or an ITraceSink of your own
        TraceRecorder recorder = new(file);
        Endpoint endpoint = new(config, arena, recorder);
        run(endpoint);                                     // with a driver, in a game loop, anywhere
        recorder.Flush();                                  // at the end, and where an exception of the endpoint is handled
        #endregion
    }

    public static void UseOrleans(IHostApplicationBuilder siloHost, IHostApplicationBuilder clientHost)
    {
        #region ORLEANS
        siloHost.UseOrleans(silo => silo.UseNexStream());
        clientHost.UseOrleansClient(client => client.UseNexStream());
        #endregion
    }
}
