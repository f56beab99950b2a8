using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;

namespace NexStream.Tests.Simulator;

/// <summary>RED: when it signals, and how often.</summary>
[TestFixture]
internal sealed class RandomEarlyDetectionTests
{
    private const int Queue = 600_000;
    private const int Settle = 5000;

    private static readonly LinkSettings s_settings = new() { Rate = 1_000_000, QueueBytes = Queue, Queue = QueueKind.Red };

    [Test]
    public void Admit_UnderASixthOfTheQueue_NeverSignals() => Assert.That(Share((Queue / 6) - 1, 20_000), Is.Zero);

    // Between a sixth and half the chance c rises to a tenth, from there to 1; the spacing after a signal is uniform from 1 to 1/c frames, so that
    // the share is 2 / (1/c + 1) where 1/c is whole.
    [TestCase(0.1667 + 0.1333, 0.04, 0.0769)]
    [TestCase(0.5, 0.1, 0.1818)]
    public void Admit_LongQueue_SignalsItsShare(double fill, double chance, double share)
    {
        Assert.That(2 / ((1 / chance) + 1), Is.EqualTo(share).Within(0.001));
        Assert.That(Share((long)(fill * Queue), 200_000), Is.EqualTo(share).Within(share * 0.03));
    }

    [Test]
    public void Admit_FullQueue_SignalsAll() => Assert.That(Share(Queue, 20_000), Is.GreaterThan(0.99));

    [Test]
    public void Admit_SignalsInAHalfFullQueue_AreNeverFurtherApartThanOneByTheChance()
    {
        var red = new RandomEarlyDetection();
        var random = new SimulationRandom(1);
        Repeat(ref red, ref random, Queue / 2, Settle);
        int since = 0;
        int furthest = 0;
        for (int i = 0; i < 20_000; i++)
        {
            since++;
            if (red.Admit(Queue / 2, isIdle: false, s_settings, i, ref random) == Verdict.Signal)
            {
                furthest = Math.Max(furthest, since);
                since = 0;
            }
        }

        Assert.That(furthest, Is.InRange(8, 11));
    }

    [Test]
    public void Admit_QueueThatJustBecameLong_IsGivenTime()
    {
        var red = new RandomEarlyDetection();
        var random = new SimulationRandom(1);

        // The average takes ln(1 - 1/6) / ln(1 - 0.002) = 91 frames to a sixth of a full queue.
        Assert.That(Repeat(ref red, ref random, Queue, 91), Is.Zero);
        Assert.That(Repeat(ref red, ref random, Queue, 1000), Is.GreaterThan(10));
    }

    [Test]
    public void Admit_AfterAnIdleTime_HasForgottenTheQueue()
    {
        var red = new RandomEarlyDetection();
        var random = new SimulationRandom(1);
        Repeat(ref red, ref random, Queue / 2, Settle);
        red.OnIdle(0);

        // In ten seconds the link could have sent 10,000 frames of 1000 bytes: nothing of the average is left.
        red.Admit(0, isIdle: true, s_settings, 10_000_000_000, ref random);
        Assert.That(Repeat(ref red, ref random, Queue / 2, 150), Is.Zero);
    }

    [Test]
    public void Admit_EmptyQueueWhileTheWireIsBusy_IsNoIdleTime()
    {
        var red = new RandomEarlyDetection();
        var random = new SimulationRandom(1);
        Repeat(ref red, ref random, Queue / 2, Settle);

        red.Admit(0, isIdle: false, s_settings, 10_000_000_000, ref random);
        Assert.That(Repeat(ref red, ref random, Queue / 2, 150), Is.GreaterThan(10));
    }

    [Test]
    public void Admit_TwiceInOneIdleTime_CountsItOnce()
    {
        var red = new RandomEarlyDetection();
        var random = new SimulationRandom(1);
        Repeat(ref red, ref random, Queue, Settle);
        red.OnIdle(0);

        // Half a second takes away 63 %; counting it ten times over would take away all.
        for (int i = 0; i < 10; i++)
        {
            red.Admit(0, isIdle: true, s_settings, 500_000_000, ref random);
        }

        Assert.That(Repeat(ref red, ref random, Queue / 3, 100), Is.GreaterThan(0));
    }

    private static double Share(long queued, int frames)
    {
        var red = new RandomEarlyDetection();
        var random = new SimulationRandom(1);
        Repeat(ref red, ref random, queued, Settle);
        return (double)Repeat(ref red, ref random, queued, frames) / frames;
    }

    private static int Repeat(ref RandomEarlyDetection red, ref SimulationRandom random, long queued, int frames)
    {
        int signals = 0;
        for (int i = 0; i < frames; i++)
        {
            signals += red.Admit(queued, isIdle: false, s_settings, i, ref random) == Verdict.Signal ? 1 : 0;
        }

        return signals;
    }
}
