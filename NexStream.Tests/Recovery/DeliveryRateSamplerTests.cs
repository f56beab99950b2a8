using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;

namespace NexStream.Tests.Recovery;

/// <summary>The samples of the delivery rate (draft-ietf-ccwg-bbr §4.1).</summary>
[TestFixture]
public sealed class DeliveryRateSamplerTests
{
    private const int Size = 1000;
    private const long RttNs = 10 * Instant.Millisecond;
    private DeliveryRateSampler _sampler;

    [SetUp]
    public void SetUp() => _sampler = default;

    // Ten packets a millisecond apart, acknowledged a millisecond apart: 1000 bytes a millisecond.
    [Test]
    public void Take_SteadyFlow_GivesItsRate()
    {
        var packets = new SentPacket[20];
        long inFlight = 0;
        DeliveryRateSample last = default;
        for (int i = 0; i < packets.Length + 10; i++)
        {
            if (i >= 10)
            {
                _sampler.OnAcknowledged(packets[i - 10], Size, At(i));
                inFlight -= Size;
                last = _sampler.Take(At(i), RttNs);
            }

            if (i < packets.Length)
            {
                packets[i] = Send(At(i), inFlight);
                inFlight += Size;
            }
        }

        Assert.That(last.Rate, Is.EqualTo(1_000_000));
        Assert.That(_sampler.Delivered, Is.EqualTo(20 * Size));
    }

    // Acknowledgements that were held up and come together must not look like a fast path: the time that sending took counts.
    [Test]
    public void Take_BunchedAcknowledgements_CountsTheSlowerPhase()
    {
        SentPacket first = Send(At(0), 0);
        SentPacket second = Send(At(20), Size);
        _sampler.OnAcknowledged(first, Size, At(30));
        _sampler.OnAcknowledged(second, Size, At(30));
        DeliveryRateSample sample = _sampler.Take(At(30), RttNs);

        Assert.That(sample.Delivered, Is.EqualTo(2 * Size));
        Assert.That(sample.IntervalNs, Is.EqualTo(30 * Instant.Millisecond));
    }

    [Test]
    public void Take_ShorterThanTheSmallestRoundTrip_IsNoSample()
    {
        SentPacket packet = Send(At(0), 0);
        _sampler.OnAcknowledged(packet, Size, At(5));

        Assert.That(_sampler.Take(At(5), RttNs).Rate, Is.Zero);
    }

    [Test]
    public void OnApplicationLimited_UntilAllOfItIsDelivered_MarksTheSamples()
    {
        SentPacket first = Send(At(0), 0);
        _sampler.OnApplicationLimited(Size);
        SentPacket second = Send(At(5), Size);
        Assert.That(_sampler.IsApplicationLimited, Is.True);

        _sampler.OnAcknowledged(first, Size, At(10));
        Assert.That(_sampler.Take(At(10), RttNs).IsApplicationLimited, Is.False, "it left before");
        _sampler.OnAcknowledged(second, Size, At(15));
        Assert.That(_sampler.Take(At(15), RttNs).IsApplicationLimited, Is.True);
        Assert.That(_sampler.IsApplicationLimited, Is.False, "more was delivered than was in flight then");
    }

    [Test]
    public void OnLost_Packet_TellsWhatWasKnownWhenItLeft()
    {
        SentPacket first = Send(At(0), 0);
        SentPacket second = Send(At(1), Size);
        _sampler.OnLost(first, At(20));
        LostPacket lost = _sampler.OnLost(second, At(20));

        Assert.Multiple(() =>
        {
            Assert.That(lost.TransmitInFlight, Is.EqualTo(2 * Size));
            Assert.That(lost.SampleLostBytes, Is.EqualTo(2 * Size));
            Assert.That(lost.Bytes, Is.EqualTo(Size));
        });

        _sampler.OnSpuriousLoss(Size, At(21));
        Assert.That((_sampler.Lost, _sampler.Delivered), Is.EqualTo(((long)Size, (long)Size)));
    }

    private static Instant At(long ms) => new(Instant.Second + (ms * Instant.Millisecond));

    private SentPacket Send(Instant now, long inFlight)
    {
        var packet = new SentPacket { Packets = 1, SentAt = now, Size = Size };
        _sampler.OnSent(ref packet, inFlight);
        return packet;
    }
}
