using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
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

    /// <summary>Found by the fuzzer: a status of more than a byte was taken for the one that its last byte is.</summary>
    [TestCase(0ul, true)]
    [TestCase(255ul, true)]
    [TestCase(256ul, false)]
    [TestCase(ulong.MaxValue, false)]
    public void Outcome_ValueOfAnEnumeration_IsWhatItsTypeHolds(ulong value, bool isOne)
    {
        var fields = new OutcomeFields();
        fields.Number(value);
        Assert.That(
            () => fields.Take<CallStatus>(),
            isOne ? Is.EqualTo((CallStatus)value) : Throws.TypeOf<TraceException>().With.Message.Contains($"{value}, which no CallStatus is"));
    }

    [Test]
    public void Outcome_ReasonOfAnApplication_IsRead()
    {
        var fields = new OutcomeFields();
        fields.Number(uint.MaxValue);
        Assert.That((ulong)fields.Take<ReasonCode>(), Is.EqualTo(uint.MaxValue));
    }
}
