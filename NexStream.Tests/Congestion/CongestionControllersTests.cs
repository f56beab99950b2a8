using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

[TestFixture]
public sealed class CongestionControllersTests
{
    private static readonly ICongestionControllerFactory[] s_factories = [CongestionControllers.Cubic, CongestionControllers.Bbr, CongestionControllers.None];

    [TestCaseSource(nameof(s_factories))]
    public void Create_EachTime_GivesANewControllerOfThatName(ICongestionControllerFactory factory)
    {
        ICongestionController first = factory.Create();

        Assert.That(first.Name, Is.EqualTo(factory.Name));
        Assert.That(factory.Create(), Is.Not.SameAs(first));
    }

    [TestCaseSource(nameof(s_factories))]
    public void Calls_AfterReset_AllocateNothing(ICongestionControllerFactory factory)
    {
        ICongestionController controller = factory.Create();
        Exercise(controller);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exercise(controller);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [TestCaseSource(nameof(s_factories))]
    public void Calls_SameInputs_GiveTheSameOutputs(ICongestionControllerFactory factory)
    {
        ICongestionController reused = factory.Create();
        Exercise(reused);

        Assert.That(Exercise(reused), Is.EqualTo(Exercise(factory.Create())), "Reset leaves nothing behind");
    }

    [Test]
    public void None_WhateverHappens_NeverLimits()
    {
        ICongestionController controller = CongestionControllers.None.Create();
        Exercise(controller);

        Assert.Multiple(() =>
        {
            Assert.That(controller.CongestionWindow, Is.EqualTo(long.MaxValue / 4));
            Assert.That(controller.SlowStartThreshold, Is.EqualTo(long.MaxValue));
            Assert.That(controller.PacingRate, Is.Zero);
        });
    }

    /// <summary>Every call, many times; returns a sum that differs when any of the windows and rates on the way differed.</summary>
    private static ulong Exercise(ICongestionController controller)
    {
        const int FrameLength = 1200;
        controller.Reset(CongestionParameters.ForPath(Instant.Zero, FrameLength));
        ulong sum = 0;
        for (int i = 1; i <= 2000; i++)
        {
            Instant now = new(i * 5 * Instant.Millisecond);
            Instant sentAt = now + (-20 * Instant.Millisecond);
            controller.OnPacketsSent(now, FrameLength, i % 100 == 0 ? FrameLength : 50_000, (ulong)i, i % 7 == 0);
            if (i % 301 == 0)
            {
                controller.OnLost(new LostBatch { Now = now, LostBytes = FrameLength, LargestLostSentAt = sentAt, PersistentCongestion = i % 903 == 0 });
            }

            if (i % 401 == 0)
            {
                controller.OnCongestionExperienced(now, sentAt, 1);
            }

            controller.OnAcknowledged(new AcknowledgedBatch
            {
                Now = now,
                AcknowledgedBytes = 2 * FrameLength,
                LargestAcknowledgedSentAt = sentAt,
                PriorBytesInFlight = 50_000,
                SmoothedRttNs = 20 * Instant.Millisecond,
                IsApplicationLimited = i % 7 == 0,
            });
            if (i % 304 == 0)
            {
                controller.OnSpuriousLoss(now, sentAt + (-15 * Instant.Millisecond), FrameLength);
            }

            controller.OnFrameLengthChanged(FrameLength + (i % 2));
            unchecked
            {
                sum = (sum * 31) + (ulong)controller.CongestionWindow;
                sum = (sum * 31) + (ulong)controller.PacingRate;
                sum = (sum * 31) + (ulong)controller.SlowStartThreshold;
            }
        }

        return sum;
    }
}
