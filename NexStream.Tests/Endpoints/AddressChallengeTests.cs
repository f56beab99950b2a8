using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Tests.Attacks;

namespace NexStream.Tests.Endpoints;

[TestFixture]
public sealed class AddressChallengeTests
{
    private const long TimeoutNs = 10 * Instant.Millisecond;

    private static readonly NodeId s_one = new(1, 1);
    private static readonly NodeId s_two = new(2, 2);
    private static readonly Instant s_now = new(Instant.Second);

    [AttackRow(21)]
    [Test]
    public void MayAsk_AgainAndAgain_UpToThreeTimesWhatCame([Values(1, 2, 3)] int questions)
    {
        // Enough for so many questions and not for one more.
        AddressChallenge challenge = Challenged(received: questions * AddressChallenge.QuestionSize / 3 + 1);
        Instant now = s_now;
        for (int i = 0; i < questions; i++, now += Instant.Second / 4)
        {
            Assert.That(challenge.MayAsk(now), Is.True);
            challenge.OnAsked((ulong)i, now);
        }

        Assert.That(challenge.MayAsk(now), Is.False);
        Assert.That(challenge.NextAt, Is.GreaterThan(now), "Nothing is due that may not be done.");
        challenge.OnPacket(s_one, AddressChallenge.QuestionSize, now, TimeoutNs);
        Assert.That(challenge.MayAsk(now), Is.True, "More came.");
    }

    [AttackRow(21)]
    [TestCase(10, 3 * 999)]
    [TestCase(5000, 3 * 5000)]
    public void MayAsk_NoAnswerInThreeTimeouts_ForgetsTheNode(int timeoutMs, int patienceMs)
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, 10_000, s_now, timeoutMs * Instant.Millisecond);
        challenge.OnAsked(1, s_now);
        Instant end = s_now + (patienceMs * Instant.Millisecond);
        Assert.That(challenge.MayAsk(end + -1), Is.True);
        Assert.That(challenge.IsActive, Is.True);
        Assert.That(challenge.MayAsk(end), Is.False);
        Assert.That(challenge.IsActive, Is.False);
        Assert.That(challenge.NextAt, Is.EqualTo(Instant.Never));
    }

    [Test]
    public void MayAsk_AtDistancesThatDouble()
    {
        AddressChallenge challenge = Challenged(received: 10_000);
        var asked = new List<long>();
        for (ulong id = 1; challenge.IsActive; id++)
        {
            Instant next = challenge.NextAt;
            if (challenge.MayAsk(next))
            {
                Assert.That(challenge.MayAsk(next + -1), Is.False, "More packets do not make it ask more often.");
                challenge.OnAsked(id, next);
                challenge.OnPacket(s_one, 1000, next, TimeoutNs);
                asked.Add((next - s_now) / TimeoutNs);
            }
        }

        Assert.That(asked, Is.EqualTo([0, 1, 3, 7, 15, 31, 63, 127, 255]), "All within three time-outs of a path whose round trip is not known.");
        Assert.That(default(RttEstimator).PtoNs(0), Is.EqualTo(RttEstimator.InitialPtoNs));
    }

    [Test]
    public void OnPacket_AnotherNode_BeginsAnew()
    {
        AddressChallenge challenge = Challenged(received: 1000);
        challenge.OnAsked(7, s_now);
        challenge.OnPacket(s_two, 10, s_now, TimeoutNs);
        Assert.That(challenge.IsAnsweredBy(s_one, 7, out _), Is.False);
        Assert.That(challenge.IsAnsweredBy(s_two, 7, out _), Is.False);
        Assert.That(challenge.MayAsk(s_now), Is.False, "What the other node sent is none of this one's.");
    }

    [Test]
    public void IsAnsweredBy_OnlyTheNodeThatWasAskedWithWhatItWasAsked()
    {
        AddressChallenge challenge = Challenged(received: 1000);
        Assert.That(challenge.IsAnsweredBy(s_one, 0, out _), Is.False, "It was not asked yet.");
        challenge.OnAsked(7, s_now);
        Assert.That(challenge.IsAnsweredBy(s_one, 8, out _), Is.False);
        Assert.That(challenge.IsAnsweredBy(s_two, 7, out _), Is.False);
        Assert.That(challenge.IsAnsweredBy(s_one, 7, out Instant askedAt), Is.True);
        Assert.That(askedAt, Is.EqualTo(s_now));
    }

    /// <summary>The new way may take longer than the old one's probe time-out: then the next question leaves before the answer to the first is here.</summary>
    [Test]
    public void IsAnsweredBy_AnyOfTheLastThreeQuestions()
    {
        AddressChallenge challenge = Challenged(received: 1000);
        for (ulong id = 1; id <= 4; id++)
        {
            challenge.OnAsked(id, s_now + (long)id);
        }

        Assert.That(challenge.IsAnsweredBy(s_one, 1, out _), Is.False);
        for (ulong id = 2; id <= 4; id++)
        {
            Assert.That(challenge.IsAnsweredBy(s_one, id, out Instant askedAt), Is.True);
            Assert.That(askedAt, Is.EqualTo(s_now + (long)id));
        }
    }

    private static AddressChallenge Challenged(int received)
    {
        AddressChallenge challenge = AddressChallenge.None;
        challenge.OnPacket(s_one, received, s_now, TimeoutNs);
        return challenge;
    }
}
