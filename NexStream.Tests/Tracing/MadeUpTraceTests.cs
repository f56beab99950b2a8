using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Tracing;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;

namespace NexStream.Tests.Tracing;

/// <summary>Traces that no endpoint wrote: replay does with them what is possible, and ends.</summary>
[TestFixture]
internal sealed class MadeUpTraceTests
{
    /// <summary>Found by the fuzzer: the empty record was read as a stream whose first chunk follows itself, as long as there was room for slices.</summary>
    [Test]
    public void Stream_ThatWasNeverOpened_IsClosed()
    {
        var reader = new TraceReader(new EveryCall(TraceDetail.Hashes).Client.OpenRead());
        using var host = new ReplayHost(reader.Setup);
        StreamHandle stream = host.Stream(1, 0);
        Assert.That(stream.ReceiveZeroCopy(new PayloadSlice[4]).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(stream.Receive(new byte[4]).Status, Is.EqualTo(CallStatus.Closed));
        Assert.That(stream.Send([1]).Status, Is.EqualTo(CallStatus.Closed));
    }
}
