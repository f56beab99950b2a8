using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Tests.Support;

namespace NexStream.Tests.Tracing;

[TestFixture]
public sealed class MinimizeTests
{
    private const int BurstMessages = 8;
    private const int IdleTurns = 100;

    /// <summary>A controller with a fault: it cannot bear a second loss.</summary>
    private static readonly Core.Congestion.CongestionControllerFactory s_faulty = new(FaultyControl.ControllerName, () => new FaultyControl());

    [Test]
    public void Minimize_OfARunThatThrowsInTheEnd_LeavesAFewCalls()
    {
        MemoryTrace trace = RecordFault();
        var suppliers = new Suppliers { Controllers = [s_faulty] };
        Assert.That(Replayer.Run(trace.OpenRead(), suppliers).Verdict, Is.EqualTo(ReplayVerdict.Throws));
        using var shorter = new MemoryStream();

        MinimizeResult result = TraceMinimizer.Run(trace.OpenRead(), shorter, suppliers: suppliers)!;

        shorter.Position = 0;
        ReplayResult replayed = Replayer.Run(shorter, suppliers);
        Assert.That(result.Before, Is.GreaterThan(500));
        Assert.That(result.After, Is.LessThan(result.Before / 10));
        Assert.That(replayed.Verdict, Is.EqualTo(ReplayVerdict.Throws));
        Assert.That(FailureSignature.Of(replayed.Thrown!), Is.EqualTo(result.Failure));
        Assert.That(replayed.Calls, Is.EqualTo(result.After));
    }

    [Test]
    public void Minimize_OfARunThatDiffers_EndsWithTheDifference()
    {
        MemoryTrace trace = new EveryCall(TraceDetail.Hashes).Server;
        int at = ReplayTests.Steps(trace).FindIndex(50, step => step.Outcome is not null);
        using var shorter = new MemoryStream();
        MinimizeResult? result = TraceMinimizer.Run(TraceForge.WithOtherHash(trace, at).OpenRead(), shorter);
        shorter.Position = 0;
        Assert.That(result!.After, Is.EqualTo(at + 1));
        Assert.That(Replayer.Run(shorter).At, Is.EqualTo(at));
    }

    [Test]
    public void Minimize_OfARunThatDoesNotFail_SaysSo()
    {
        using var shorter = new MemoryStream();
        Assert.That(TraceMinimizer.Run(new EveryCall(TraceDetail.Hashes).Server.OpenRead(), shorter), Is.Null);
        Assert.That(shorter.Length, Is.Zero);
    }

    [Test]
    public void CopyFirst_OfAnyNumberOfCalls_IsAValidTrace([Values(0, 1, 77, 400)] int count)
    {
        using var copy = new MemoryStream();
        Assert.That(TraceEditor.CopyFirst(new EveryCall(TraceDetail.Full).Client.OpenRead(), count, copy), Is.EqualTo(count));
        copy.Position = 0;
        ReplayResult result = Replayer.Run(copy);
        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical));
        Assert.That(result.Calls, Is.EqualTo(count));
    }

    [Test]
    public void Cut_FromTheMiddle_IsRecordedAnew()
    {
        using var cut = new MemoryStream();
        long kept = TraceEditor.Cut(new EveryCall(TraceDetail.Hashes).Client.OpenRead(), 30, 200, cut);
        cut.Position = 0;
        ReplayResult result = Replayer.Run(cut);
        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical), string.Join('\n', result.Report));
        Assert.That(kept, Is.GreaterThan(150).And.LessThanOrEqualTo(170), "A slice that nobody lent is not returned.");
    }

    private static MemoryTrace RecordFault()
    {
        var memory = new MemoryTrace();
        var recorder = new TraceRecorder(memory);
        var pair = new Pair(
            network: new NetworkConditions { DelayNs = Instant.Millisecond },
            configure: config => config with { Congestion = s_faulty, MaxConnections = 4, HalfOpenThreshold = 4, MaxStreams = 16, MaxPacketsInFlight = 512, MaxMessages = 64, MaxChunks = 512 },
            frameCount: 256, clientRecorder: recorder);
        pair.Connect();
        (Core.StreamHandle sender, Core.StreamHandle receiver) = pair.Open(new Core.Config.StreamConfig(TransportMode.ReliableUnordered));
        byte[] message = new byte[1000];
        for (int i = 0; i < IdleTurns; i++)
        {
            // What has nothing to do with the failure.
            sender.Receive(message);
            sender.Send([]);
            sender.TryLease(out Core.Buffers.PayloadSlice lease);
            pair.Client.Endpoint.Return([lease]);
            pair.Client.Endpoint.HandleTimeout(pair.Client.Connection, pair.Now);
            pair.RunFor(Instant.Millisecond);
        }

        Assert.Throws<FaultyControl.FaultException>(() =>
        {
            for (int burst = 0; burst < 10; burst++)
            {
                int packets = 0;
                pair.Filter = (from, frame) => from != pair.Client || frame.Bytes.Length < message.Length || packets++ != 0;
                for (int i = 0; i < BurstMessages; i++)
                {
                    sender.Send(message);
                }

                pair.RunFor(Instant.Second);
                while (receiver.Receive(message).Status == Core.CallStatus.Ok)
                {
                }
            }
        });
        recorder.Flush();
        return memory;
    }
}
