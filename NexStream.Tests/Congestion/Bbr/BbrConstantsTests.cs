using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion.Bbr;

/// <summary>The constants of draft-ietf-ccwg-bbr §2.5, §2.8, §2.12, §2.16, §5.3.1, §5.3.3.8, §5.6.1 and §5.6.3.</summary>
[TestFixture]
public sealed class BbrConstantsTests
{
    [TestCase("Startup", 2.77, 2)]
    [TestCase("Drain", 0.5, 2)]
    [TestCase("ProbeBandwidthDown", 0.90, 2)]
    [TestCase("ProbeBandwidthCruise", 1, 2)]
    [TestCase("ProbeBandwidthRefill", 1, 2)]
    [TestCase("ProbeBandwidthUp", 1.25, 2.25)]
    [TestCase("ProbeRtt", 1, 0.5)]
    public void Gains_OfThePhase_AreTheDrafts(string phase, double pacing, double window)
    {
        BbrPhase value = Enum.Parse<BbrPhase>(phase);
        Assert.That(Value(BbrConstants.PacingGain(value)), Is.EqualTo(pacing));
        Assert.That(Value(BbrConstants.WindowGain(value)), Is.EqualTo(window));
    }

    [TestCase("LossThreshold", 0.02)]
    [TestCase("Beta", 0.7)]
    [TestCase("Headroom", 0.15)]
    [TestCase("PacingMargin", 0.99)]
    [TestCase("FullPipeGrowth", 1.25)]
    public void Factor_ByName_IsTheDrafts(string name, double expected) =>
        Assert.That(Value((Gain)typeof(BbrConstants).GetProperty(name)!.GetValue(null)!), Is.EqualTo(expected));

    [TestCase("ProbeRttDurationNs", 200 * Instant.Millisecond)]
    [TestCase("ProbeRttIntervalNs", 5 * Instant.Second)]
    [TestCase("MinRttFilterNs", 10 * Instant.Second)]
    [TestCase("ExtraAckedFilterRounds", 10)]
    [TestCase("ExtraAckedFilterRoundsInStartup", 1)]
    [TestCase("FullPipeRounds", 3)]
    [TestCase("StartupFullLossRanges", 6)]
    [TestCase("MinPipeFrames", 4)]
    [TestCase("DrainRounds", 3)]
    [TestCase("ProbeWaitRoundsMax", 63)]
    [TestCase("ProbeWaitNs", 2 * Instant.Second)]
    [TestCase("ProbeWaitSpreadNs", Instant.Second)]
    [TestCase("ProbeUpFrames", 2)]
    [TestCase("SendQuantumNs", Instant.Millisecond)]
    [TestCase("SendQuantumMax", 65_536)]
    [TestCase("SendQuantumFramesMin", 2)]
    [TestCase("NominalRttNs", Instant.Millisecond)]
    public void Number_ByName_IsTheDrafts(string name, long expected) =>
        Assert.That(Convert.ToInt64(typeof(BbrConstants).GetField(name)!.GetRawConstantValue()), Is.EqualTo(expected));

    private static double Value(Gain gain) => (double)gain.Numerator / gain.Denominator;
}
