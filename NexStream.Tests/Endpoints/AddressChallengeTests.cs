using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Tests.Attacks;

namespace NexStream.Tests.Endpoints;

[TestFixture]
public sealed class AddressChallengeTests
{
    private static readonly NodeId s_one = new(1, 1);
    private static readonly NodeId s_two = new(2, 2);
    private static readonly Instant s_now = new(Instant.Second);

    [AttackRow(21)]
    [TestCase(20, 60, true)]
    [TestCase(20, 61, false)]
    public void MayAsk_UpToThreeTimesWhatCame(int received, int size, bool may)
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, received, s_now);
        Assert.That(challenge.MayAsk(size, s_now), Is.EqualTo(may));
        Assert.That(challenge.IsActive, Is.EqualTo(may), "Who may not be asked is forgotten.");
    }

    [Test]
    public void MayAsk_AgainAndAgain_CountsWhatWasSentBefore()
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, 50, s_now);
        challenge.OnAsked(1, 100, s_now, timeoutNs: 0);
        Assert.That(challenge.MayAsk(51, s_now), Is.False);
    }

    [AttackRow(21)]
    [Test]
    public void MayAsk_FourthTime_ForgetsTheNode()
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, 10_000, s_now);
        for (ulong attempt = 0; attempt < AddressChallenge.AttemptsMax; attempt++)
        {
            Assert.That(challenge.MayAsk(76, s_now), Is.True);
            challenge.OnAsked(attempt, 76, s_now, timeoutNs: 0);
        }

        Assert.That(challenge.MayAsk(76, s_now), Is.False);
        Assert.That(challenge.IsActive, Is.False);
    }

    [Test]
    public void MayAsk_BeforeItsTime_Waits()
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, 1000, s_now);
        challenge.OnAsked(1, 76, s_now, timeoutNs: 1000);
        challenge.OnPacket(s_one, 1000, s_now);
        Assert.That(challenge.MayAsk(76, s_now), Is.False, "More packets do not make it ask more often.");
        Assert.That(challenge.MayAsk(76, s_now + 1000), Is.True);
    }

    [Test]
    public void OnPacket_AnotherNode_BeginsAnew()
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, 1000, s_now);
        challenge.OnAsked(7, 76, s_now, timeoutNs: 1000);
        challenge.OnPacket(s_two, 10, s_now);
        Assert.That(challenge.IsAnsweredBy(s_one, 7), Is.False);
        Assert.That(challenge.IsAnsweredBy(s_two, 7), Is.False);
        Assert.That(challenge.MayAsk(31, s_now), Is.False, "What the other node sent is none of this one's.");
    }

    [Test]
    public void IsAnsweredBy_OnlyTheNodeThatWasAskedWithWhatItWasAsked()
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, 1000, s_now);
        Assert.That(challenge.IsAnsweredBy(s_one, 0), Is.False, "It was not asked yet.");
        challenge.OnAsked(7, 76, s_now, timeoutNs: 1000);
        Assert.That(challenge.IsAnsweredBy(s_one, 8), Is.False);
        Assert.That(challenge.IsAnsweredBy(s_two, 7), Is.False);
        Assert.That(challenge.IsAnsweredBy(s_one, 7), Is.True);
    }
}
