using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.ZeroCopy;

[TestFixture]
public sealed class ZeroCopyAllocationTests
{
    private const int WarmUp = 10_000;
    private const int Measured = 10_000;
    private const int Length = 1000;

    [Test]
    public void ZeroCopy_TenThousandSendsAndReceives_AllocateNothing([Values] TransportMode mode)
    {
        using var pair = new LoanPair();
        (StreamHandle sender, StreamHandle receiver) = pair.Open(mode);
        var slices = new PayloadSlice[4];
        Run(pair, sender, receiver, slices, WarmUp);

        long before = GC.GetAllocatedBytesForCurrentThread();
        int received = Run(pair, sender, receiver, slices, Measured);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);
        Assert.That(received, Is.EqualTo(Measured * Length));
    }

    /// <summary>Returns the bytes that arrived.</summary>
    private static int Run(LoanPair pair, StreamHandle sender, StreamHandle receiver, PayloadSlice[] slices, int count)
    {
        int sent = 0;
        int received = 0;
        for (int turn = 0; received < count * Length && turn < 100 * count; turn++)
        {
            if (sent < count && sender.TryLease(out PayloadSlice lease) == CallStatus.Ok)
            {
                slices[0] = lease.WithLength(Length);
                pair.Client.Endpoint.Bytes(slices[0])[0] = (byte)(sent & 0xff);
                if (sender.SendZeroCopy(slices.AsSpan(0, 1)).Status == CallStatus.Ok)
                {
                    sent++;
                }
                else
                {
                    pair.Client.Endpoint.Return(slices.AsSpan(0, 1));
                }
            }

            pair.Turn();
            pair.Client.Events.Clear();
            pair.Server.Events.Clear();
            for (ReceiveResult result = receiver.ReceiveZeroCopy(slices); result.Status == CallStatus.Ok; result = receiver.ReceiveZeroCopy(slices))
            {
                received += result.Bytes;
                pair.Server.Endpoint.Return(slices.AsSpan(0, result.Slices));
            }
        }

        return received;
    }
}
