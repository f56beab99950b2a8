using NexStream.Simulator.Links;

namespace NexStream.Tests.Simulator;

/// <summary>CoDel against RFC 8289 §5.</summary>
[TestFixture]
internal sealed class ControlledDelayTests
{
    private const long Ms = 1_000_000;
    private const long Start = 1000 * Ms;
    private const int Mtu = 1500;
    private const long Long = 100_000;

    [Test]
    public void Leave_WaitsUnderTheTarget_NeverSignals()
    {
        var codel = new ControlledDelay();

        Assert.That(Signals(ref codel, Start, Start + (2000 * Ms), (5 * Ms) - 1, Long), Is.Empty);
    }

    [Test]
    public void Leave_WaitsOverTheTarget_SignalsAfterAnIntervalAndThenByTheSquareRoot()
    {
        var codel = new ControlledDelay();
        List<long> signals = Signals(ref codel, Start, Start + (700 * Ms), 5 * Ms, Long);

        // RFC 8289 §5.5: the next is an interval, divided by the square root of the count, after the last.
        double[] expected = [100, 200, 270.7, 328.4, 378.4, 423.2, 464.0, 501.8, 537.1, 570.5, 602.1, 632.3, 661.1, 688.9];
        Assert.That(signals.Select(at => (double)(at - Start) / Ms), Is.EqualTo(expected).Within(0.2));
    }

    [Test]
    public void Leave_WaitsOverTheTargetInAnAlmostEmptyQueue_NeverSignals()
    {
        var codel = new ControlledDelay();

        Assert.That(Signals(ref codel, Start, Start + (2000 * Ms), 50 * Ms, Mtu), Is.Empty);
        Assert.That(Signals(ref codel, Start, Start + (2000 * Ms), 50 * Ms, Mtu + 1), Is.Not.Empty);
    }

    [Test]
    public void Leave_OneShortWaitWithinTheInterval_BeginsItAnew()
    {
        var codel = new ControlledDelay();
        List<long> signals = Signals(ref codel, Start, Start + (99 * Ms), 50 * Ms, Long);
        signals.AddRange(Signals(ref codel, Start + (99 * Ms), Start + (99 * Ms) + 1, Ms, Long));
        signals.AddRange(Signals(ref codel, Start + (100 * Ms), Start + (201 * Ms), 50 * Ms, Long));

        Assert.That(signals, Is.EqualTo(new[] { Start + (200 * Ms) }));
    }

    [Test]
    public void Leave_OneShortWaitWhileItSignals_EndsThat()
    {
        var codel = new ControlledDelay();
        Signals(ref codel, Start, Start + (400 * Ms), 50 * Ms, Long);
        Signals(ref codel, Start + (400 * Ms), Start + (400 * Ms) + 1, Ms, Long);

        Assert.That(Signals(ref codel, Start + (401 * Ms), Start + (500 * Ms), 50 * Ms, Long), Is.Empty);
        Assert.That(Signals(ref codel, Start + (500 * Ms), Start + (502 * Ms), 50 * Ms, Long), Has.Count.EqualTo(1));
    }

    [TestCase(200, true)]
    [TestCase(3000, false)]
    public void Leave_BadAgain_GoesOnWhereItStoppedOnlyIfThatWasAShortWhileAgo(int pauseMs, bool goesOn)
    {
        var codel = new ControlledDelay();
        int before = Signals(ref codel, Start, Start + (1000 * Ms), 50 * Ms, Long).Count;
        long again = Start + ((1000 + pauseMs) * Ms);
        Signals(ref codel, Start + (1000 * Ms), Start + (1000 * Ms) + 1, Ms, Long);
        List<long> signals = Signals(ref codel, again, again + (400 * Ms), 50 * Ms, Long);

        // §5.4: the count that it goes on with is what it had added the last time: all but the first.
        double next = 100 / Math.Sqrt(goesOn ? before - 1 : 1);
        Assert.That((double)(signals[1] - signals[0]) / Ms, Is.EqualTo(next).Within(0.2));
    }

    /// <summary>When frames that leave every tenth of a millisecond are signalled.</summary>
    private static List<long> Signals(ref ControlledDelay codel, long from, long to, long waitedNs, long left)
    {
        List<long> signals = [];
        for (long now = from; now < to; now += Ms / 10)
        {
            if (codel.Leave(waitedNs, left, Mtu, now) == Verdict.Signal)
            {
                signals.Add(now);
            }
        }

        return signals;
    }
}
