using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Tests.Support;

namespace NexStream.Tests.Tracing;

/// <summary>A run of all modes over a bad network in which a seed decides what the two applications do.</summary>
internal static class RandomRun
{
    private const int Steps = 3000;

    /// <summary>The traces of client and server.</summary>
    public static MemoryTrace[] Record(ulong seed, TraceDetail detail, int paths = 1)
    {
        MemoryTrace[] traces = [new(), new()];
        TraceRecorder[] recorders = [new(traces[0], detail), new(traces[1], detail)];
        Run(seed, paths, recorders[0], recorders[1], null);
        recorders[0].Flush();
        recorders[1].Flush();
        return traces;
    }

    /// <summary>A digest of every frame that either side sends.</summary>
    public static string FramesOf(ulong seed, bool isRecorded)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        TraceRecorder? client = isRecorded ? new TraceRecorder(new MemoryTrace(), TraceDetail.Full) : null;
        TraceRecorder? server = isRecorded ? new TraceRecorder(new MemoryTrace(), TraceDetail.Full) : null;
        Run(seed, paths: 2, client, server, frame => hash.AppendData(frame.Bytes));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static void Run(ulong seed, int paths, TraceRecorder? client, TraceRecorder? server, Action<Pair.Frame>? onFrame)
    {
        var random = new SeededRandom(seed);
        var network = new NetworkConditions { DelayNs = 7 * Instant.Millisecond, Loss = 0.03, Reorder = 0.02, ReorderDelayNs = 2 * Instant.Millisecond, Duplicate = 0.02 };
        var pair = new Pair(
            seed, network, new ConnectionConfig { MaxPaths = paths }, Small, frameCount: 2048, clientRecorder: client, serverRecorder: server);
        pair.Filter = (_, frame) =>
        {
            onFrame?.Invoke(frame);
            return true;
        };
        List<StreamHandle>[] streams = [[], []];
        pair.Client.OnEvent = item => Note(streams[0], item);
        pair.Server.OnEvent = item => Note(streams[1], item);
        pair.Connect();
        for (int path = 1; path < paths; path++)
        {
            pair.Client.Connection.OpenPath(PathPair.NodeOf(Pair.ClientNode, path), pair.Now, out _);
        }

        byte[] buffer = new byte[64 * 1024];
        for (int step = 0; step < Steps; step++)
        {
            Act(ref random, pair.Client, streams[0], buffer, pair.Now);
            Act(ref random, pair.Server, streams[1], buffer, pair.Now);
            pair.RunFor(random.Below(2_000) * Instant.Microsecond);
        }

        pair.Client.Connection.Close(pair.Now);
        pair.RunFor(3 * Instant.Second);
    }

    private static EndpointConfig Small(EndpointConfig config) => config with
    {
        MaxConnections = 4,
        HalfOpenThreshold = 4,
        MaxMessages = 4096,
        MaxPacketsInFlight = 4096,
        FurtherNodes = [PathPair.NodeOf(config.Node, 1)],
    };

    private static void Note(List<StreamHandle> streams, EndpointEvent item)
    {
        if (item.Kind == EventKind.StreamOpened)
        {
            streams.Add(item.Stream);
        }
    }

    private static void Act(ref SeededRandom random, Pair.Side side, List<StreamHandle> streams, byte[] buffer, Instant now)
    {
        int dice = streams.Count == 0 ? 0 : random.Below(100);
        StreamHandle stream = streams.Count == 0 ? default : streams[random.Below(streams.Count)];
        switch (dice)
        {
            case < 3:
                var mode = (TransportMode)(1 + random.Below(4));
                if (side.Connection.OpenStream(new StreamConfig(mode, SequenceNumbers: mode == TransportMode.BestEffort), out StreamHandle opened) == CallStatus.Ok)
                {
                    streams.Add(opened);
                }

                break;
            case < 45:
                var options = new SendOptions(random.Chance(0.1) ? now + (30 * Instant.Millisecond) : default, random.Chance(0.2));
                stream.Send(buffer.AsSpan(0, 1 + random.Below(random.Chance(0.1) ? 12_000 : 900)), options);
                break;
            case < 98:
                stream.Receive(buffer);
                break;
            case 98:
                stream.Finish();
                break;
            default:
                stream.Reset(ReasonCode.ApplicationBase);
                break;
        }
    }
}
