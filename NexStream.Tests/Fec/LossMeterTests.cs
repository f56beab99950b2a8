using System.Runtime.CompilerServices;
using CsCheck;
using NexStream.Core.Fec;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Fec;

[TestFixture]
public sealed class LossMeterTests
{
    [Test]
    public void Meter_Size_IsSmall() => Assert.That(Unsafe.SizeOf<LossMeter>(), Is.LessThanOrEqualTo(96));

    [Test]
    public void Meter_NoMessages_CountsNothing() => Check(default, received: 0, lost: 0, recovered: 0, runs: 0, meanRunQ8: 0);

    // Of 0 … 9 there are 2, 5, 6, 7 missing: runs of 1 and 3.
    [Test]
    public void Arrived_WithGaps_CountsLossesAndTheirRuns() => Check(After(0, 1, 3, 4, 8, 9), received: 6, lost: 4, recovered: 0, runs: 2, meanRunQ8: 2 * 256);

    [Test]
    public void Arrived_FirstMessagesMissing_AreLost() => Check(After(3), received: 1, lost: 3, recovered: 0, runs: 1, meanRunQ8: 3 * 256);

    [TestCase(new ulong[] { 0, 4, 2 }, 2UL, 2UL, Description = "the middle parts a run")]
    [TestCase(new ulong[] { 0, 4, 1 }, 2UL, 1UL, Description = "an end shortens it")]
    [TestCase(new ulong[] { 0, 4, 3 }, 2UL, 1UL, Description = "so does the other")]
    [TestCase(new ulong[] { 0, 2, 1 }, 0UL, 0UL, Description = "alone it was a run")]
    [TestCase(new ulong[] { 2, 0 }, 1UL, 1UL, Description = "nothing comes before the first")]
    public void Arrived_Late_IsNoLongerLost(ulong[] numbers, ulong lost, ulong runs)
    {
        LossMeter meter = After(numbers);
        Assert.That((meter.Lost, meter.Runs), Is.EqualTo((lost, runs)));
    }

    [Test]
    public void Ahead_IsWhatNoMessageReached()
    {
        LossMeter meter = After(0, 3);
        Assert.That((meter.IsAhead(3), meter.IsAhead(4), meter.IsAhead(1000), meter.IsAhead(ulong.MaxValue)), Is.EqualTo((false, true, true, false)));
    }

    [Test]
    public void Arrived_Twice_IsDeliveredOnce()
    {
        LossMeter meter = After(0, 1);
        Assert.That(meter.OnArrived(1), Is.False);
        Check(meter, received: 2, lost: 0, recovered: 0, runs: 0, meanRunQ8: 0);
    }

    // The oldest of the last 256 numbers is still known, the one before it is not.
    [TestCase(45UL, true)]
    [TestCase(44UL, false)]
    public void Arrived_VeryLate_IsADuplicateBeyondTheWindow(ulong number, bool isNew)
    {
        LossMeter meter = After(0, 300);
        Assert.That(meter.OnArrived(number), Is.EqualTo(isNew));
        Assert.That(meter.Lost, Is.EqualTo(isNew ? 298 : 299));
    }

    [TestCase(45UL, true)]
    [TestCase(44UL, false)]
    public void Recovered_VeryLate_IsADuplicateBeyondTheWindow(ulong number, bool isNew)
    {
        LossMeter meter = After(0, 300);
        Assert.That(meter.OnRecovered(number), Is.EqualTo(isNew));
        Assert.That(meter.Recovered, Is.EqualTo(isNew ? 1 : 0));
    }

    // The oldest number in the window has a neighbour outside of it, which is remembered as well.
    [TestCase(new ulong[] { 0, 300, 45 }, 2UL)]
    [TestCase(new ulong[] { 0, 44, 100, 300, 45 }, 3UL)]
    [TestCase(new ulong[] { 0, 44, 46, 300, 45 }, 2UL)]
    public void Arrived_AtTheEdgeOfTheWindow_KnowsItsNeighbour(ulong[] numbers, ulong runs) => Assert.That(After(numbers).Runs, Is.EqualTo(runs));

    // All that follow came one behind the other, and then the oldest of the window does: behind one that came it was a run of its own.
    [TestCase(11UL, 0UL)]
    [TestCase(10UL, 1UL)]
    public void Arrived_AtTheEdgeOfAWindowThatCameInOrder_KnowsItsNeighbour(ulong firstLost, ulong runs)
    {
        const ulong Oldest = 11;
        LossMeter meter = default;
        for (ulong number = 0; number < Oldest + LossMeter.Window; number++)
        {
            if (number < firstLost || number > Oldest)
            {
                Assert.That(meter.OnArrived(number), Is.True);
            }
        }

        Assert.That(meter.OnArrived(Oldest), Is.True);
        Assert.That(meter.Runs, Is.EqualTo(runs));
    }

    [Test]
    public void Recovered_LostMessage_IsDeliveredOnceAndStaysLost()
    {
        LossMeter meter = After(0, 2);
        Assert.That(meter.OnRecovered(1), Is.True);
        Assert.That(meter.OnRecovered(1), Is.False);
        Check(meter, received: 2, lost: 1, recovered: 1, runs: 1, meanRunQ8: 256);
    }

    [Test]
    public void Recovered_MessageThatHasCome_IsNotDelivered()
    {
        LossMeter meter = After(0, 1);
        Assert.That(meter.OnRecovered(1), Is.False);
        Check(meter, received: 2, lost: 0, recovered: 0, runs: 0, meanRunQ8: 0);
    }

    [Test]
    public void Arrived_AfterItsRecovery_IsReceivedButNotDelivered()
    {
        LossMeter meter = After(0, 2);
        _ = meter.OnRecovered(1);
        Assert.That(meter.OnArrived(1), Is.False);
        Assert.That(meter.OnRecovered(1), Is.False);
        Check(meter, received: 3, lost: 0, recovered: 0, runs: 0, meanRunQ8: 0);
    }

    // The last sources of a group were lost, a repair came: nothing else said that they exist.
    [Test]
    public void Recovered_AboveAllOthers_IsTheFirstNewsOfIt()
    {
        LossMeter meter = After(0);
        Assert.That(meter.OnRecovered(2), Is.True);
        Check(meter, received: 1, lost: 2, recovered: 1, runs: 1, meanRunQ8: 2 * 256);
        Assert.That(meter.OnArrived(4), Is.True);
        Check(meter, received: 2, lost: 3, recovered: 1, runs: 1, meanRunQ8: 3 * 256);
        Assert.That(meter.OnArrived(2), Is.False);
        Check(meter, received: 3, lost: 2, recovered: 0, runs: 2, meanRunQ8: 256);
    }

    [TestCase(1UL << 40)]
    [TestCase(ulong.MaxValue - 1)]
    public void Arrived_HostileJump_OverflowsNothing(ulong number)
    {
        LossMeter meter = After(0, number);
        Check(meter, received: 2, lost: number - 1, recovered: 0, runs: 1, meanRunQ8: uint.MaxValue);
        Assert.That(meter.OnArrived(0), Is.False);
        Assert.That(meter.OnArrived(number), Is.False);
        Assert.That(meter.OnArrived(number - 255), Is.True);
        Assert.That(meter.Runs, Is.EqualTo(2));
    }

    [TestCase(1UL << 40)]
    [TestCase(1UL << 60)]
    [TestCase((1UL << 60) + 2)]
    public void Report_HostileJump_SaysThatTheRunIsAsLongAsCanBeSaid(ulong number)
    {
        InboundDelivery receiving = default;
        Assert.That(receiving.Meter.OnArrived(number), Is.True);
        ReceiverReportFrame report = receiving.Report(streamId: 1, Instant.Zero);
        Assert.That((report.Received, report.Lost, report.BurstLengthMeanQ8), Is.EqualTo((1UL, number, uint.MaxValue)));
    }

    [Test]
    public void Arrived_UpToTheLastNumber_OverflowsNothing()
    {
        LossMeter meter = After(ulong.MaxValue - 70, ulong.MaxValue - 65, ulong.MaxValue - 2, ulong.MaxValue - 1, ulong.MaxValue - 64);
        Assert.That(meter.Runs, Is.EqualTo(3));
    }

    [Test]
    public void Numbers_HighestOfAll_AreRefused()
    {
        LossMeter meter = default;
        Assert.That((meter.OnArrived(ulong.MaxValue), meter.OnRecovered(ulong.MaxValue)), Is.EqualTo((false, false)));
        Check(meter, received: 0, lost: 0, recovered: 0, runs: 0, meanRunQ8: 0);
    }

    [TestCase(0xFF_FFFFUL, 0xFFFF_FF00u)]
    [TestCase(0x100_0000UL, uint.MaxValue)]
    public void MeanRun_LongestThatFits_IsExact(ulong lost, uint meanRunQ8) => Assert.That(MeanRunQ8(After(lost)), Is.EqualTo(meanRunQ8));

    [Test]
    public void MeanRun_Fraction_IsIn256ths() => Assert.That(MeanRunQ8(After(0, 2, 4, 7)), Is.EqualTo(4 * 256 / 3), "runs of 1, 1 and 2");

    // Loss, reordering, duplicates, recoveries and jumps, against sets of numbers.
    [Test]
    public void Meter_AnyArrivals_CountsAsTheSetsDo() => Step.Array[1, 400].Sample(steps =>
    {
        LossMeter meter = default;
        MeterModel model = new();
        ulong position = 0;
        foreach ((long move, bool isRepair) in steps)
        {
            position = move >= 0 ? position + (ulong)move : position - Math.Min(position, (ulong)-move);
            Assert.That(meter.IsMissing(position), Is.EqualTo(model.IsMissing(position)));
            bool isNew = isRepair ? meter.OnRecovered(position) : meter.OnArrived(position);
            bool expected = isRepair ? model.OnRecovered(position) : model.OnArrived(position);
            Assert.That(isNew, Is.EqualTo(expected));
            Assert.That(
                (meter.Received, meter.Lost, meter.Recovered, meter.Runs),
                Is.EqualTo((model.Received, model.Lost, model.Recovered, model.Runs)));
        }
    });

    // The ordinary: everything moves on by one or a few. The rest reaches back over the window, or jumps.
    private static Gen<(long Move, bool IsRepair)> Step { get; } = Gen.Select(
        Gen.Frequency(
            (10, Gen.Long[1, 3]),
            (4, Gen.Long[-6, 6]),
            (2, Gen.Long[-300, 10]),
            (1, Gen.Long[-20, 300]),
            (1, Gen.OneOf(-257L, -256, -255, 255, 256, 257, 1L << 40))),
        Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true))));

    private static uint MeanRunQ8(in LossMeter meter) => LossMeter.MeanRunQ8(meter.Lost, meter.Runs);

    private static LossMeter After(params ulong[] numbers)
    {
        LossMeter meter = default;
        foreach (ulong number in numbers)
        {
            Assert.That(meter.OnArrived(number), Is.True);
        }

        return meter;
    }

    private static void Check(LossMeter meter, ulong received, ulong lost, ulong recovered, ulong runs, uint meanRunQ8) => Assert.That(
        (meter.Received, meter.Lost, meter.Recovered, meter.Runs, MeanRunQ8(meter)), Is.EqualTo((received, lost, recovered, runs, meanRunQ8)));
}
