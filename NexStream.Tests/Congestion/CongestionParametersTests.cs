using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Congestion;

/// <summary>RFC 9002 §7.2.</summary>
[TestFixture]
public sealed class CongestionParametersTests
{
    [TestCase(1200, 12_000)]
    [TestCase(1472, 14_720)]
    [TestCase(1500, 14_720)]
    [TestCase(9000, 18_000)]
    [TestCase(65_536, 131_072)]
    [TestCase(int.MaxValue, 2L * int.MaxValue)]
    public void InitialWindow_ByFrameLength_FollowsRfc9002(int frameLength, long window)
    {
        Assert.That(CongestionParameters.InitialWindowFor(frameLength), Is.EqualTo(window));
        Assert.That(CongestionParameters.ForPath(new Instant(3), frameLength).InitialWindow, Is.EqualTo(window));
    }

    [TestCase(0)]
    [TestCase(-1)]
    public void InitialWindow_FrameLengthNotPositive_IsMisuse(int frameLength)
    {
        Assert.That(() => CongestionParameters.InitialWindowFor(frameLength), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => CongestionParameters.MinimumWindowFor(frameLength), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
