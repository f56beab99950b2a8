using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>One congestion avoidance stage: its plateau, and the Reno window that it is compared with (RFC 9438 §4.3 to §4.10).</summary>
[TestFixture]
public sealed class CubicEpochTests
{
    private const int FrameLength = CubicHarness.FrameLength;

    // RFC 9438 §4.6 and §4.7: loss at 80000 after W_max 100000 → W_max 68000, window 56000.
    [Test]
    public void Lost_BelowTheFormerPlateau_ConvergesFast()
    {
        CubicEpoch epoch = default;
        epoch.End(100_000);
        Assert.That(epoch.Plateau, Is.EqualTo(100_000));

        epoch.End(80_000);
        Assert.That(epoch.Plateau, Is.EqualTo(68_000));
        Assert.That(CubicEpoch.Reduce(80_000), Is.EqualTo(56_000));
    }

    // RFC 9438 §4.3: 9/17 of a packet per round trip until the prior window is reached, then a whole one.
    [Test]
    public void RenoWindow_BelowAndAboveThePriorWindow_GrowsByAlphaAndByOne()
    {
        CubicEpoch epoch = default;
        epoch.End(100 * FrameLength);
        const long Window = 70 * FrameLength;

        // The clock stands still and the denominator stays: each call is one round trip of acknowledgements.
        epoch.Grow(Window, Window, Instant.Zero, 0, FrameLength);
        Assert.That(epoch.RenoWindow - Window, Is.EqualTo(FrameLength * 9 / 17));

        int rounds = 1;
        while (epoch.RenoWindow < 100 * FrameLength)
        {
            epoch.Grow(Window, Window, Instant.Zero, 0, FrameLength);
            rounds++;
        }

        Assert.That(rounds, Is.EqualTo(57), "30 packets at 9/17 each: 56.7");
        long reached = epoch.RenoWindow;
        epoch.Grow(Window, Window, Instant.Zero, 0, FrameLength);
        Assert.That(epoch.RenoWindow - reached, Is.EqualTo(FrameLength));
    }

    [Test]
    public void RenoWindow_TinyBatches_LoseNoFractions()
    {
        CubicEpoch whole = default;
        CubicEpoch pieces = default;
        const long Window = 100_000 * FrameLength;
        whole.End(2 * Window);
        pieces.End(2 * Window);
        whole.Grow(Window, Window, Instant.Zero, 0, FrameLength);
        for (int i = 0; i < Window / FrameLength; i++)
        {
            pieces.Grow(Window, FrameLength, Instant.Zero, 0, FrameLength);
        }

        Assert.That(pieces.RenoWindow, Is.EqualTo(whole.RenoWindow));
    }

    // RFC 9438 §4.10: slow start that ended without congestion (HyStart++) continues from its own plateau.
    [Test]
    public void Epoch_WithoutCongestion_StartsOnItsOwnPlateau()
    {
        CubicEpoch epoch = default;
        epoch.Grow(50 * FrameLength, FrameLength, Instant.Zero, 0, FrameLength);

        Assert.Multiple(() =>
        {
            Assert.That(epoch.TimeToPlateauNs, Is.Zero);
            Assert.That(epoch.Plateau, Is.EqualTo(50 * FrameLength));
            Assert.That(epoch.PriorWindow, Is.EqualTo(50 * FrameLength));
        });
    }
}
