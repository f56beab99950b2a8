using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Hosting;

/// <summary>Steady state: nothing is allocated, on the callers' threads or on the drivers'.</summary>
[TestFixture]
[NonParallelizable]
[Category("Slow")]
internal sealed class AllocationTests
{
    private const int WarmUp = 20_000;
    private const int Measured = 20_000;

    /// <summary>What the runtime itself may allocate meanwhile, of which nothing grows with the operations but with the time: less than a byte for each.</summary>
    private const int Noise = Measured;

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public async Task SendAndReceive_SteadyState_AllocateNothing(TransportMode mode)
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync(mode);
        await Task.Run(() => PingPong(near, far, WarmUp));
        Assert.That(await LeastAllocated(() => PingPong(near, far, Measured)), Is.LessThan(Noise));
    }

    [Test]
    public async Task Leases_SteadyState_AllocateNothing()
    {
        await using HostPair pair = new();
        (NexStreamStream near, NexStreamStream far) = await pair.OpenAsync(TransportMode.ReliableUnordered);
        await Task.Run(() => Lend(near, far, WarmUp));
        Assert.That(await LeastAllocated(() => Lend(near, far, Measured)), Is.LessThan(Noise));
    }

    /// <summary>What the whole process allocates in the best of some rounds: others have the pool grow, or another test's thread end.</summary>
    private static async Task<long> LeastAllocated(Func<Task> round)
    {
        const int Rounds = 5;
        long least = long.MaxValue;
        for (int i = 0; i < Rounds && least >= Noise; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await Task.Run(round);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }

    // On the thread pool, as a service does it: a test's own context would allocate for each continuation.
    private static async Task PingPong(NexStreamStream near, NexStreamStream far, int count)
    {
        byte[] data = new byte[100];
        byte[] got = new byte[100];
        using CancellationTokenSource source = new();
        for (int i = 0; i < count; i++)
        {
            // The receive waits, so that its completion comes from the driver's thread.
            ValueTask<int> receiving = far.ReceiveAsync(got, source.Token);
            await near.SendAsync(data, source.Token);
            await receiving;
        }
    }

    private static async Task Lend(NexStreamStream near, NexStreamStream far, int count)
    {
        for (int i = 0; i < count; i++)
        {
            SendLease lease = await near.LeaseAsync();
            await near.SendAsync(lease, 1200);
            using ReceiveLease got = await far.ReceiveLeaseAsync();
        }
    }
}
