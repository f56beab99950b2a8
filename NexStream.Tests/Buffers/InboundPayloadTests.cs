using NexStream.Core.Buffers;

namespace NexStream.Tests.Buffers;

[TestFixture]
public sealed class InboundPayloadTests
{
    // Runs of 600, 300 and 20 bytes, the first in the packet's head: what counts is as much of each as lies in the part.
    [TestCase(0, 920, 2)]
    [TestCase(0, 600, 0)]
    [TestCase(0, 511, 1)]
    [TestCase(88, 512, 0)]
    [TestCase(89, 511, 1)]
    [TestCase(599, 2, 2)]
    [TestCase(600, 300, 1)]
    [TestCase(890, 30, 2)]
    public void CountRunsBelow_OfAPart_CountsWhatLiesInIt(int skip, int length, int expected)
    {
        PayloadSlice[] slices = [new(1, 0, 300), new(2, 0, 20)];
        var payload = new InboundPayload(new byte[600], PayloadSlice.NoFrame, 0, slices, 920);
        Assert.That(payload.CountRunsBelow(512, skip, length), Is.EqualTo(expected));
    }
}
