using NexStream.Core.Events;
using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Tests.Support;

namespace NexStream.Tests.Tracing;

[TestFixture]
public sealed class ReplayTests
{
    [Test]
    public void Replay_OfEveryCallThereIs_IsIdentical([Values] TraceDetail detail)
    {
        var run = new EveryCall(detail);
        foreach (MemoryTrace trace in new[] { run.Client, run.Server })
        {
            ReplayResult result = Replayer.Run(trace.OpenRead());
            Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical), string.Join('\n', result.Report));
            Assert.That(result.Damage, Is.Null);
        }
    }

    [Test]
    public void EveryCall_OfTheFormat_IsMade()
    {
        var run = new EveryCall(TraceDetail.Hashes);
        TraceInput[] inputs = [.. Steps(run.Client).Concat(Steps(run.Server)).Select(step => step.Input)];
        Type[] kinds = [.. typeof(TraceInput).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(TraceInput)))];
        Assert.That(kinds, Has.Length.EqualTo((int)TraceOperation.SetPathWeight - (int)TraceOperation.Endpoint - 1), "Close and abort are one.");
        Assert.That(inputs.Select(input => input.GetType()).Distinct(), Is.EquivalentTo(kinds));
        Assert.That(inputs.OfType<EndConnectionInput>().Select(input => input.IsAbort).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public void InputCount_OfARecorder_IsWhatTheTraceHas()
    {
        var run = new EveryCall(TraceDetail.Hashes);
        Assert.That(Steps(run.Client), Has.Count.EqualTo(run.Calls));
    }

    [Test]
    public void Replay_OfALongRunOverABadNetwork_IsIdentical([Range(1, 3)] int seed, [Values(1, 2)] int paths)
    {
        foreach (MemoryTrace trace in RandomRun.Record((ulong)seed, TraceDetail.Hashes, paths))
        {
            ReplayResult result = Replayer.Run(trace.OpenRead());
            Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical), string.Join('\n', result.Report));
            Assert.That(result.Calls, Is.GreaterThan(10_000));
        }
    }

    [Test]
    public void Recording_OfARun_ChangesNothingThatComesOut() =>
        Assert.That(RandomRun.FramesOf(1, isRecorded: true), Is.EqualTo(RandomRun.FramesOf(1, isRecorded: false)));

    [Test]
    public void Replay_WithOneFrameMissing_FindsTheFirstCallThatIsOther()
    {
        MemoryTrace trace = RandomRun.Record(1, TraceDetail.Full)[1];
        List<TraceStep> steps = Steps(trace);
        int left = steps.FindLastIndex(step => step.Input is ReceiveInput { Head.Length: > 200 });
        MemoryTrace shorter = Without(trace, left);

        ReplayResult result = Replayer.Run(shorter.OpenRead());

        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Differs));
        Assert.That(result.At, Is.GreaterThanOrEqualTo(left).And.LessThan(left + 200), "What the frame brought forth is missing at once.");
        Assert.That(result.Report, Has.Some.Contains("recorded:").And.Some.Contains("now:"));
    }

    [Test]
    public void Replay_OfAnOutcomeThatWasOther_ShowsThatCallAndItsNeighbours()
    {
        MemoryTrace trace = new EveryCall(TraceDetail.Full).Client;
        List<TraceStep> steps = Steps(trace);
        int at = steps.FindIndex(100, step => step.Input is TransmitInput && step.Outcome is not null);
        MemoryTrace changed = TraceForge.WithOtherHash(trace, at);

        ReplayResult result = Replayer.Run(changed.OpenRead());

        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Differs));
        Assert.That(result.At, Is.EqualTo(at));
        string report = string.Join('\n', result.Report);
        Assert.That(report, Does.Contain($"{at}> Transmit").And.Contain("packets").And.Contain("tag "));
        Assert.That(result.Report.TakeWhile(line => !line.Contains('>', StringComparison.Ordinal)).Count(), Is.EqualTo(10));
        Assert.That(result.Report.TakeLast(3), Has.None.Contain(":  "), "Three calls follow.");
    }

    [Test]
    public void Replay_OfACallThatThrew_Throws()
    {
        var memory = new MemoryTrace();
        var recorder = new TraceRecorder(memory);
        var pair = new Pair(clientRecorder: recorder);
        pair.Connect();
        Assert.Throws<InvalidOperationException>(() => pair.Client.Endpoint.ReleaseFrame(3));
        recorder.Flush();

        ReplayResult result = Replayer.Run(memory.OpenRead());

        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Throws));
        Assert.That(result.Thrown, Is.InstanceOf<InvalidOperationException>());
        Assert.That(result.At, Is.EqualTo(recorder.InputCount - 1));
    }

    [Test]
    public void Replay_OfAnApplicationsMistakeAtTheEnd_Throws()
    {
        var memory = new MemoryTrace();
        var recorder = new TraceRecorder(memory);
        var pair = new Pair(clientRecorder: recorder);
        Assert.Throws<ArgumentException>(() => pair.Client.Endpoint.Return([new Core.Buffers.PayloadSlice(0, 0, 1)]));
        recorder.Flush();
        Assert.That(Replayer.Run(memory.OpenRead()).Verdict, Is.EqualTo(ReplayVerdict.Throws), "Nobody went on behind it.");
    }

    [Test]
    public void Replay_OfALastCallWithoutItsOutcome_IsIdenticalAndSaysSo()
    {
        MemoryTrace trace = new EveryCall(TraceDetail.Hashes).Client;
        int last = Steps(trace).FindIndex(100, step => step.Outcome is not null);
        ReplayResult result = Replayer.Run(TraceForge.EndingWithin(trace, last).OpenRead());
        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical));
        Assert.That(result.Remark, Does.Contain("did not return"));
    }

    [Test]
    public void Attach_OfASecondEndpoint_IsRefused()
    {
        var recorder = new TraceRecorder(new MemoryTrace());
        _ = new Pair(clientRecorder: recorder);
        Assert.Throws<InvalidOperationException>(() => _ = new Pair(clientRecorder: recorder));
    }

    [Test]
    public void Controllers_ThatTheLibraryDoesNotHave_HaveToBeSupplied()
    {
        var memory = new MemoryTrace();
        var recorder = new TraceRecorder(memory);
        var own = new Core.Congestion.CongestionControllerFactory("mine", () => new Core.Congestion.NoCongestionControl());
        var pair = new Pair(configure: config => config with { Congestion = own }, clientRecorder: recorder);
        pair.Connect();
        recorder.Flush();
        Assert.That(() => Replayer.Run(memory.OpenRead()), Throws.InstanceOf<TraceException>().With.Message.Contains("mine"));
        ReplayResult result = Replayer.Run(memory.OpenRead(), new Suppliers { Controllers = [own] });
        Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical));
    }

    [Test]
    public void Listing_OfATrace_NamesFramesAndOutcomes()
    {
        var text = new StringWriter();
        Assert.That(TraceListing.Write(new EveryCall(TraceDetail.Full).Client.OpenRead(), text, 0, long.MaxValue), Is.Null);
        foreach (string name in new[] { "CONN_INIT", "CONN_ACCEPT", "STREAM_OPEN", "STREAM_ACK", "DATA ", "DATA_ACK", "RECEIVER_REPORT", "PATH_OFFER", "PATH_CLOSE", "STREAM_RESET", "CONN_CLOSE", nameof(EventKind.ConnectionEstablished), nameof(TimerKind.Idle), "region 2", "message " })
        {
            Assert.That(text.ToString(), Does.Contain(name));
        }

        Assert.That(text.ToString(), Does.Not.Contain("is no number").And.Not.Contain("is no bytes"));
    }

    internal static List<TraceStep> Steps(MemoryTrace trace)
    {
        var reader = new TraceReader(trace.OpenRead());
        var steps = new List<TraceStep>();
        while (reader.TryRead(out TraceStep step))
        {
            steps.Add(step);
        }

        Assert.That(reader.Damage, Is.Null);
        return steps;
    }

    /// <summary>The trace of which one call is missing: the others as they were recorded.</summary>
    private static MemoryTrace Without(MemoryTrace trace, int left)
    {
        var memory = new MemoryTrace();
        TraceForge.Copy(trace, memory, (number, item) => number == left ? null : item);
        return memory;
    }
}
