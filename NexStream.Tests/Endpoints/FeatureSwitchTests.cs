using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Endpoints;

/// <summary>What a program was built without is refused by name. That its code is gone then is tools/package-test.sh's affair.</summary>
[TestFixture, NonParallelizable]
internal sealed class FeatureSwitchTests
{
    [Test]
    public void Delivery_WithRepairsLeftOut_IsRefusedAndSaysWhatToDo()
    {
        AppContext.SetSwitch(Features.ForwardErrorCorrectionSwitch, false);
        try
        {
            NotSupportedException? refusal = Assert.Throws<NotSupportedException>(() => new ProbabilisticConfig(0.9).Validate());
            Assert.That(refusal!.Message, Does.Contain(Features.ForwardErrorCorrectionSwitch).And.Contain(nameof(ProbabilisticConfig.FecRatio)));
            Assert.DoesNotThrow(() => new ProbabilisticConfig(0.9, FecRatio: 0).Validate());
        }
        finally
        {
            AppContext.SetSwitch(Features.ForwardErrorCorrectionSwitch, true);
        }
    }

    [Test]
    public void Everything_UnlessSwitchedOff_IsThere()
    {
        Assert.That(CongestionControllers.TryGet("bbr", out ICongestionControllerFactory? bbr), Is.True);
        Assert.That(bbr, Is.SameAs(CongestionControllers.Bbr));
        Assert.DoesNotThrow(() => new ProbabilisticConfig(0.9).Validate());
    }
}
