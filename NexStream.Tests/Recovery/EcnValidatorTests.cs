using CsCheck;
using NexStream.Core.Recovery;

namespace NexStream.Tests.Recovery;

/// <summary>RFC 9000 §13.4.2 and appendix A.4; attack 31.</summary>
[TestFixture]
public sealed class EcnValidatorTests
{
    [Test]
    public void MarkEct0_ZeroedOrDisabled_IsFalse()
    {
        EcnValidator zeroed = default;
        EcnValidator disabled = default;
        disabled.Reset(isEnabled: false);

        Assert.That(zeroed.MarkEct0, Is.False);
        Assert.That(disabled.State, Is.EqualTo(EcnState.Failed));
    }

    [Test]
    public void OnPacketSent_TenthMarkedPacket_EndsTheTest()
    {
        EcnValidator ecn = default;
        ecn.Reset(isEnabled: true);
        for (int i = 0; i < EcnValidator.TestingPackets; i++)
        {
            Assert.That(ecn.MarkEct0, Is.True);
            ecn.OnPacketsSent(isMarked: true);
        }

        Assert.That(ecn.State, Is.EqualTo(EcnState.Unknown));
        Assert.That(ecn.MarkEct0, Is.False);
    }

    [Test]
    public void OnPacketSent_UnmarkedPackets_DoNotCount()
    {
        EcnValidator ecn = default;
        ecn.Reset(isEnabled: true);
        for (int i = 0; i < 100; i++)
        {
            ecn.OnPacketsSent(isMarked: false);
        }

        Assert.That(ecn.State, Is.EqualTo(EcnState.Testing));
    }

    /// <summary>Ten are marked alike to test the path; afterwards there is no end to it.</summary>
    [TestCase(0, 10)]
    [TestCase(3, 7)]
    [TestCase(9, 1)]
    [TestCase(10, int.MaxValue)]
    public void PacketsAlike_AfterSome_IsWhatIsLeftOfTheTest(int sent, int alike)
    {
        EcnValidator ecn = default;
        ecn.Reset(isEnabled: true);
        ecn.OnPacketsSent(isMarked: true, sent);
        Assert.That(ecn.PacketsAlike, Is.EqualTo(alike));
    }

    [Test]
    public void OnAck_WhileTesting_DecidesNothing()
    {
        EcnValidator ecn = default;
        ecn.Reset(isEnabled: true);
        ecn.OnPacketsSent(isMarked: true, 3);
        ecn.OnAck(3, 0, 0, 3, out _);
        Assert.That(ecn.State, Is.EqualTo(EcnState.Testing));
    }

    [Test]
    public void OnAck_AfterFailure_ReportsNoCongestion()
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(0, 1, 0, 1, out _);
        ecn.OnAck(5, 0, 3, 8, out ulong newCe);
        Assert.That((ecn.State, newCe), Is.EqualTo((EcnState.Failed, 0UL)));
    }

    /// <summary>Every packet that was sent came through, by itself or marked: as many as were sent, and no more.</summary>
    [TestCase(10UL, 0UL)]
    [TestCase(6UL, 4UL)]
    public void OnAck_AllThatWereSent_AreBelieved(ulong ect0, ulong ce)
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(ect0, 0, ce, 10, out ulong newCe);
        Assert.That(ecn.State, Is.EqualTo(EcnState.Capable));
        Assert.That(newCe, Is.EqualTo(ce));
    }

    /// <summary>What an earlier acknowledgement counted says nothing of what this one acknowledges.</summary>
    [TestCase(4UL, 2UL, nameof(EcnState.Failed))]
    [TestCase(5UL, 2UL, nameof(EcnState.Failed))]
    [TestCase(5UL, 3UL, nameof(EcnState.Capable))]
    public void OnAck_Second_CountsWhatIsNewOnly(ulong ect0, ulong ce, string state)
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(4, 0, 2, 6, out _);
        ecn.OnAck(ect0, 0, ce, 2, out ulong newCe);
        Assert.That(ecn.State.ToString(), Is.EqualTo(state));
        Assert.That(newCe, Is.EqualTo(state == nameof(EcnState.Capable) ? ce - 2 : 0));
    }

    [Test]
    public void OnAck_CountsMatch_BecomesCapable()
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(ect0: 4, ect1: 0, ce: 0, newlyAcknowledgedMarkedPackets: 4, out ulong newCe);

        Assert.That(ecn.State, Is.EqualTo(EcnState.Capable));
        Assert.That(ecn.MarkEct0, Is.True);
        Assert.That(newCe, Is.Zero);
    }

    [Test]
    public void OnAck_NothingMarkedAcknowledged_StaysUnknown()
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(0, 0, 0, 0, out _);

        Assert.That(ecn.State, Is.EqualTo(EcnState.Unknown));
    }

    [Test]
    public void OnAck_CeCountRises_ReportsTheDifference()
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(3, 0, 1, 4, out ulong first);
        ecn.OnAck(5, 0, 4, 5, out ulong second);

        Assert.That(first, Is.EqualTo(1));
        Assert.That(second, Is.EqualTo(3));
    }

    // The increase may be larger than what is newly acknowledged: an acknowledgement between the two was lost.
    [TestCase(6UL, 0UL, 2UL, 3, nameof(EcnState.Capable), TestName = "OnAck_MoreCountedThanAcknowledged_IsBelieved")]
    [TestCase(5UL, 0UL, 2UL, 8, nameof(EcnState.Failed), TestName = "OnAck_FewerCountedThanAcknowledged_Fails")]
    [TestCase(0UL, 0UL, 0UL, 1, nameof(EcnState.Failed), TestName = "OnAck_MarksErased_Fails")]
    [TestCase(4UL, 1UL, 0UL, 4, nameof(EcnState.Failed), TestName = "OnAck_Ect1NeverSent_Fails")]
    [TestCase(11UL, 0UL, 0UL, 10, nameof(EcnState.Failed), TestName = "OnAck_MoreEct0ThanSent_Fails")]
    [TestCase(0UL, 0UL, 11UL, 10, nameof(EcnState.Failed), TestName = "OnAck_MoreCeThanSent_Fails")]
    [TestCase(6UL, 0UL, 5UL, 10, nameof(EcnState.Failed), TestName = "OnAck_SumMoreThanSent_Fails")]
    [TestCase(ulong.MaxValue, 0UL, 1UL, 1, nameof(EcnState.Failed), TestName = "OnAck_CountsThatOverflow_Fail")]
    [TestCase(1UL, 0UL, ulong.MaxValue, 1, nameof(EcnState.Failed), TestName = "OnAck_CeCountThatOverflows_Fails")]
    [TestCase(0UL, 0UL, 10UL, 10, nameof(EcnState.Failed), TestName = "OnAck_EveryTestPacketCongested_Fails")]
    [TestCase(0UL, 0UL, 2UL, 2, nameof(EcnState.Unknown), TestName = "OnAck_FewPacketsAllCongested_Waits")]
    public void OnAck_Counts_AreJudged(ulong ect0, ulong ect1, ulong ce, int acknowledged, string expected)
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(ect0, ect1, ce, acknowledged, out ulong newCe);

        Assert.That(ecn.State.ToString(), Is.EqualTo(expected));
        Assert.That(newCe, Is.EqualTo(ecn.State == EcnState.Failed ? 0 : ce));
    }

    [TestCase(3UL, 2UL)]
    [TestCase(8UL, 1UL)]
    public void OnAck_CountShrinks_Fails(ulong ect0, ulong ce)
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(4, 0, 2, 6, out _);
        ecn.OnAck(ect0, 0, ce, 0, out ulong newCe);

        Assert.That(ecn.State, Is.EqualTo(EcnState.Failed));
        Assert.That(newCe, Is.Zero);
    }

    [Test]
    public void OnAck_AfterFailure_IsNeverBelievedAgain()
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(0, 1, 0, 0, out _);
        ecn.OnAck(10, 0, 0, 10, out _);
        ecn.OnAck(5, 0, 5, 10, out ulong newCe);

        Assert.That(ecn.State, Is.EqualTo(EcnState.Failed));
        Assert.That(newCe, Is.Zero);
    }

    [Test]
    public void OnLost_EveryTestPacket_Fails()
    {
        EcnValidator ecn = Tested();
        ecn.OnLost(EcnValidator.TestingPackets - 1);
        Assert.That(ecn.State, Is.EqualTo(EcnState.Unknown));

        ecn.OnLost(1);
        Assert.That(ecn.State, Is.EqualTo(EcnState.Failed));
    }

    [Test]
    public void OnLost_PathIsCapable_ChangesNothing()
    {
        EcnValidator ecn = Tested();
        ecn.OnAck(1, 0, 0, 1, out _);
        ecn.OnLost(100);

        Assert.That(ecn.State, Is.EqualTo(EcnState.Capable));
    }

    [Test]
    public void OnAck_AnyCounts_NeverThrowAndNeverReportMoreThanSent() =>
        Gen.Select(Gen.ULong, Gen.ULong[0, 1], Gen.ULong, Gen.Int[0, 20]).Array[1, 10].Sample(acks =>
        {
            EcnValidator ecn = Tested();
            ulong reported = 0;
            foreach ((ulong ect0, ulong ect1, ulong ce, int acknowledged) in acks)
            {
                ecn.OnAck(ect0 % 16, ect1, ce % 16, acknowledged, out ulong newCe);
                reported += newCe;
                ecn.OnAck(ect0, ect1, ce, acknowledged, out newCe);
                reported += newCe;
            }

            return reported <= EcnValidator.TestingPackets;
        });

    private static EcnValidator Tested()
    {
        EcnValidator ecn = default;
        ecn.Reset(isEnabled: true);
        for (int i = 0; i < EcnValidator.TestingPackets; i++)
        {
            ecn.OnPacketsSent(isMarked: true);
        }

        return ecn;
    }
}
