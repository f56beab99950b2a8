using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay;
using NexStream.Tests.Support;

namespace NexStream.Tests.Tracing;

[TestFixture]
public sealed class RecordingAllocationTests
{
    private const int Length = 1000;
    private const int Turns = 5_000;

    [Test]
    public void Recording_InSteadyState_AllocatesNothing([Values] TransportMode mode, [Values] TraceDetail detail)
    {
        var sink = new CountingSink();
        var client = new TraceRecorder(sink, detail, [new WordPattern(1)]);
        var server = new TraceRecorder(sink, detail, [new WordPattern(1)]);
        using var pair = new LoanPair(clientRecorder: client, serverRecorder: server);
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        byte[] buffer = new byte[Length];
        Run(pair, sender, receiver, buffer);
        long written = sink.Bytes;

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(pair, sender, receiver, buffer);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);
        Assert.That(sink.Bytes - written, Is.GreaterThan(Turns * 50));
    }

    private static void Run(LoanPair pair, StreamHandle sender, StreamHandle receiver, byte[] buffer)
    {
        for (int turn = 0; turn < Turns; turn++)
        {
            sender.Send(buffer);
            pair.Turn();
            pair.Client.Events.Clear();
            pair.Server.Events.Clear();
            while (receiver.Receive(buffer).Status == CallStatus.Ok)
            {
            }
        }
    }

    private sealed class CountingSink : ITraceSink
    {
        public long Bytes { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;
    }
}
