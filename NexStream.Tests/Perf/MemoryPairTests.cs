using NexStream.Core.Primitives;
using NexStream.Perf;
using NexStream.Perf.Memory;

namespace NexStream.Tests.Perf;

/// <summary>What perf measures is real work: every byte is there, and nothing is allocated.</summary>
[TestFixture]
public sealed class MemoryPairTests
{
#if DEBUG
    private const int Turns = 50;
#else
    private const int Turns = 200;
#endif

    [Test]
    public void Turn_EveryModeAndHandOver_DeliversEveryByte(
        [Values] TransportMode mode, [Values] bool wireCopy, [Values] bool zeroCopy, [Values(1, 100)] int streams, [Values(1200, 8192)] int frame)
    {
        var options = new PerfOptions { Mode = mode, WireCopy = wireCopy, ZeroCopy = zeroCopy, Streams = streams, FrameBytes = frame, Touch = true };
        var pair = new MemoryPair(options);
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That(pair.BytesRead, Is.EqualTo((long)Turns * options.Window * frame));
    }

    // The last burst of a window may be shorter. What is read burst by burst is acknowledged when the window is through.
    [Test]
    public void Turn_InBursts_DeliversEveryByteAndAcknowledgesOnceAWindow(
        [Values] TransportMode mode, [Values(1, 100)] int streams, [Values(1, 24, 64, 100)] int burst)
    {
        var options = new PerfOptions { Mode = mode, WireCopy = true, Streams = streams, Burst = burst, Touch = true };
        var pair = new MemoryPair(options);
        long acknowledgements = pair.Acknowledgements;
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That(pair.BytesRead, Is.EqualTo((long)Turns * options.Window * options.FrameBytes));
        Assert.That(pair.Acknowledgements - acknowledgements, Is.EqualTo(Turns));
        Assert.That(pair.Looks, Is.EqualTo(Turns * (long)Math.Ceiling(64.0 / burst)));
    }

    // 63 frames are nine calls of seven; what is copied takes a part of the tenth.
    [Test]
    public void Turn_SeveralFramesACall_DeliversEveryByte([Values] bool wireCopy, [Values] bool zeroCopy, [Values(1, 100)] int streams, [Values(0, 8400)] int arenaFrame)
    {
        var options = new PerfOptions { WireCopy = wireCopy, ZeroCopy = zeroCopy, Streams = streams, CallBytes = 8400, ArenaFrame = arenaFrame, Window = 63, Touch = true };
        var pair = new MemoryPair(options);
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That(pair.BytesRead, Is.EqualTo((long)Turns * options.Window * options.FrameBytes));
        Assert.That(pair.DataFrames, Is.LessThan(Turns * options.Window * 102 / 100), "A packet carries a whole frame, but where control travels with it.");
    }

    [Test]
    public void Turn_MessagesOfSeveralFrames_DeliversEveryByte([Values] bool wireCopy, [Values] bool zeroCopy, [Values(1, 100)] int streams, [Values(0, 8400)] int arenaFrame)
    {
        var options = new PerfOptions
        {
            Mode = TransportMode.ReliableUnordered,
            WireCopy = wireCopy,
            ZeroCopy = zeroCopy,
            Streams = streams,
            CallBytes = 8400,
            ArenaFrame = arenaFrame,
            Window = 63,
            Touch = true,
        };
        var pair = new MemoryPair(options);
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That(pair.BytesRead, Is.EqualTo((long)Turns * options.Window * options.FrameBytes));
        Assert.That(pair.DataFrames, Is.EqualTo(Turns * options.Window), "Each fragment is a whole data frame.");
    }

    [Test]
    public void Turn_SteadyState_AllocatesNothing([Values] TransportMode mode, [Values] bool zeroCopy)
    {
        var pair = new MemoryPair(new PerfOptions { Mode = mode, ZeroCopy = zeroCopy, Streams = 4 });
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Turn_WithLoss_DeliversReliableStreamsWhole()
    {
        var pair = new MemoryPair(new PerfOptions { Loss = 0.1, Touch = true });
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That(pair.BytesRead, Is.GreaterThan(Turns / 2 * PerfOptions.WindowDefault * 1200L));
        Assert.That(pair.DataFrames * 1200, Is.GreaterThan(pair.BytesRead * 105 / 100), "what was lost was sent again");
    }

    [Test]
    public void Turn_BulkWindow_IsAcknowledgedRarely()
    {
        var pair = new MemoryPair(new PerfOptions());
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        long acks = pair.Acknowledgements;
        long frames = pair.DataFrames;
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That((pair.Acknowledgements - acks) * 16, Is.LessThanOrEqualTo(pair.DataFrames - frames));
    }

    [Test]
    public void Turn_IdleStreamsAndConnections_CarryNothingAndChangeNothing()
    {
        var pair = new MemoryPair(new PerfOptions { IdleStreams = 300, IdleConnections = 20, Touch = true });
        for (int i = 0; i < Turns; i++)
        {
            pair.Turn();
        }

        Assert.That(pair.BytesRead, Is.EqualTo((long)Turns * PerfOptions.WindowDefault * 1200));
    }

    [Test]
    public void Burst_PhaseByPhase_DoesTheSameAsATurn()
    {
        var pair = new MemoryPair(new PerfOptions { Touch = true });
        for (int i = 0; i < Turns; i++)
        {
            pair.BeginTurn();
            pair.Produce();
            pair.Transmit();
            pair.Deliver();
            pair.Consume();
            pair.Acknowledge();
            pair.Timers();
        }

        Assert.That(pair.BytesRead, Is.EqualTo((long)Turns * PerfOptions.WindowDefault * 1200));
    }
}
