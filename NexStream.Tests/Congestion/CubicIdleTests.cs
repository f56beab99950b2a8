using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>A window that is not used does not grow, and time in which it is not used does not count (RFC 9002 §7.8, RFC 9438 §5.8).</summary>
[TestFixture]
public sealed class CubicIdleTests
{
    private const int FrameLength = CubicHarness.FrameLength;
    private const long RttNs = CubicHarness.RttNs;

    [Test]
    public void Acknowledged_ApplicationLimited_DoesNotGrow()
    {
        CubicHarness slowStart = new();
        slowStart.Advance(RttNs);
        slowStart.Acknowledge(5 * FrameLength, isApplicationLimited: true);
        Assert.That(slowStart.Window, Is.EqualTo(10 * FrameLength));

        CubicHarness avoidance = InAvoidance();
        long before = avoidance.Window;
        avoidance.Advance(RttNs);
        avoidance.Acknowledge(before, isApplicationLimited: true);
        Assert.That(avoidance.Window, Is.EqualTo(before));
    }

    [TestCase(FrameLength, true)]
    [TestCase(FrameLength + 1, false)]
    public void Acknowledged_ApplicationLimitedWithAFullWindow_Grows(int unused, bool grows)
    {
        CubicHarness path = InAvoidance();
        long before = path.Window;
        path.Advance(RttNs);
        path.Acknowledge(before, isApplicationLimited: true, priorInFlight: before - unused);

        Assert.That(path.Window > before, Is.EqualTo(grows));
    }

    // Slow start looks for the path's size: the window may be twice what is in flight (Linux, tcp_is_cwnd_limited).
    [TestCase((5 * FrameLength) + 1, true)]
    [TestCase(5 * FrameLength, false)]
    public void Acknowledged_ApplicationLimitedInSlowStart_GrowsToTwiceTheFlight(long priorInFlight, bool grows)
    {
        CubicHarness path = new();
        path.Advance(RttNs);
        path.Acknowledge(FrameLength, isApplicationLimited: true, priorInFlight: priorInFlight);

        Assert.That(path.Window > 10 * FrameLength, Is.EqualTo(grows));
    }

    // The flight is that of the whole round: what is left of it when the last of its packets are acknowledged says nothing.
    [Test]
    public void Acknowledged_BurstThatFilledTheWindow_CountsToItsLastPacket()
    {
        CubicHarness path = new();
        path.Cubic.OnPacketsSent(path.Now, 10 * FrameLength, 10 * FrameLength, 10, isApplicationLimited: true);
        path.Advance(RttNs);
        for (int left = 10; left > 0; left--)
        {
            path.AcknowledgeOne((ulong)(11 - left), largestSent: 10, left * FrameLength);
        }

        Assert.That(path.Window, Is.EqualTo(20 * FrameLength));

        // It was no more than half of what the window is now: a packet in each of the next rounds changes nothing.
        path.AcknowledgeOne(11, largestSent: 11, FrameLength);
        long after = path.Window;
        path.AcknowledgeOne(12, largestSent: 12, FrameLength);
        Assert.That((after, path.Window), Is.EqualTo((20L * FrameLength, 20L * FrameLength)));
    }

    // Limited by the pacer: little is in flight, but the window is being tested (RFC 9002 §7.8).
    [Test]
    public void Acknowledged_LittleInFlightButNotApplicationLimited_Grows()
    {
        CubicHarness path = new();
        path.Advance(RttNs);
        path.Acknowledge(FrameLength, priorInFlight: FrameLength);

        Assert.That(path.Window, Is.EqualTo(11 * FrameLength));
    }

    [Test]
    public void Growth_AfterIdleness_ContinuesWhereItStopped()
    {
        CubicHarness idle = InAvoidance();
        CubicHarness busy = InAvoidance();
        idle.Advance(60 * Instant.Second);
        idle.Cubic.OnPacketsSent(idle.Now, FrameLength, FrameLength, 1, true);
        for (int i = 0; i < 10; i++)
        {
            idle.Round();
            busy.Round();
        }

        Assert.That(idle.Window, Is.EqualTo(busy.Window));
    }

    [Test]
    public void Growth_AfterApplicationLimitedTime_ContinuesWhereItStopped()
    {
        CubicHarness limited = InAvoidance();
        CubicHarness busy = InAvoidance();
        for (int i = 0; i < 600; i++)
        {
            limited.Advance(RttNs);
            limited.Acknowledge(FrameLength, isApplicationLimited: true);
        }

        for (int i = 0; i < 10; i++)
        {
            limited.Round();
            busy.Round();
        }

        Assert.That(limited.Window, Is.EqualTo(busy.Window));
    }

    // A packet sent while others are in flight is no end of idleness, however long ago the last acknowledgement was.
    [Test]
    public void Growth_AfterWaitingForAnAcknowledgement_CountsTheTime()
    {
        CubicHarness waiting = InAvoidance();
        CubicHarness idle = InAvoidance();
        waiting.Advance(2 * Instant.Second);
        idle.Advance(2 * Instant.Second);
        waiting.Cubic.OnPacketsSent(waiting.Now, FrameLength, 2 * FrameLength, 1, false);
        idle.Cubic.OnPacketsSent(idle.Now, FrameLength, FrameLength, 1, false);
        waiting.Round();
        idle.Round();

        Assert.That(waiting.Window, Is.GreaterThan(idle.Window));
    }

    private static CubicHarness InAvoidance()
    {
        CubicHarness path = new(100 * FrameLength);
        path.Advance(RttNs);
        path.Lose(FrameLength, path.Now);
        path.Advance(RttNs + 1);
        path.Round();
        path.Round();
        return path;
    }
}
