using CsCheck;
using NexStream.Core.FlowControl;
using NexStream.Core.Primitives;

namespace NexStream.Tests.FlowControl;

/// <summary>Credit against simple models, and the two sides of it against each other.</summary>
[TestFixture]
public sealed class WindowModelTests
{
    private const long RoundTripNs = 10 * Instant.Millisecond;

    [Test]
    public void Raise_AnyLimits_IsTheLargestSoFar() => Gen.Select(Gen.ULong[0, 1000].Array[1, 40], Gen.ULong[0, 1000]).Sample((limits, used) =>
    {
        var window = new SendWindow { Used = used };
        ulong largest = 0;
        foreach (ulong limit in limits)
        {
            Assert.That(window.Raise(limit), Is.EqualTo(limit > largest));
            largest = Math.Max(largest, limit);
            Assert.That(window.Limit, Is.EqualTo(largest));
            Assert.That(window.Available, Is.EqualTo(largest > used ? largest - used : 0));
        }
    });

    [TestCase(100u, 0ul, 49ul, false)]
    [TestCase(100u, 0ul, 50ul, true)]
    [TestCase(100u, 7ul, 49ul, false)]
    [TestCase(100u, 7ul, 50ul, true)]
    [TestCase(101u, 0ul, 49ul, false)]
    [TestCase(101u, 0ul, 50ul, true)]
    [TestCase(1u, 0ul, 0ul, false)]
    [TestCase(1u, 0ul, 1ul, true)]
    public void IsUpdateDue_HalfOfTheWindowWasTaken_IsTrue(uint size, ulong start, ulong taken, bool isDue)
    {
        var window = new ReceiveWindow();
        window.Reset(start, size);
        Assert.That(window.Limit, Is.EqualTo(start + size));
        window.Consumed += taken;
        Assert.That(window.IsUpdateDue, Is.EqualTo(isDue));
    }

    [TestCase(0, 100u, Description = "The first update has nothing to compare with.")]
    [TestCase(1, 200u)]
    [TestCase(19_999_999, 200u)]
    [TestCase(20_000_000, 100u, Description = "Two round trips: it was large enough.")]
    public void Update_SoonAfterTheLast_DoublesTheWindow(long laterNs, uint size)
    {
        var window = new ReceiveWindow();
        window.Reset(0, 100);
        window.Consumed = 50;
        window.Update(new Instant(Instant.Second), RoundTripNs, 1000);
        Assert.That((window.Size, window.Limit), Is.EqualTo((100u, 150ul)));
        if (laterNs > 0)
        {
            window.Consumed = 100;
            window.Update(new Instant(Instant.Second + laterNs), RoundTripNs, 1000);
        }

        Assert.That(window.Size, Is.EqualTo(size));
        Assert.That(window.Limit, Is.EqualTo(window.Consumed + size));
    }

    [TestCase(250u, 250u)]
    [TestCase(399u, 399u)]
    [TestCase(400u, 400u)]
    [TestCase(uint.MaxValue, 800u)]
    public void Update_AgainAndAgain_StopsAtTheLargest(uint sizeMax, uint expected)
    {
        var window = new ReceiveWindow();
        window.Reset(0, 100);
        for (int i = 0; i < 4; i++)
        {
            window.Update(new Instant(Instant.Second + i), RoundTripNs, sizeMax);
        }

        Assert.That(window.Size, Is.EqualTo(expected));
    }

    [Test]
    public void Update_LargestWindowThatFits_DoesNotOverflow()
    {
        var window = new ReceiveWindow();
        window.Reset(0, 0x9000_0000);
        window.Update(new Instant(1), RoundTripNs, uint.MaxValue);
        window.Update(new Instant(2), RoundTripNs, uint.MaxValue);
        Assert.That(window.Size, Is.EqualTo(uint.MaxValue));
    }

    /// <summary>A sender that uses all it may, a reader that takes what it likes, updates that are lost or come twice and late: never more than was granted.</summary>
    [Test]
    public void BothSides_AnyOrderOfEvents_AgreeWithTheModel() => Gen.Select(Gen.Int[0, 4], Gen.UInt[1, 60]).Array[1, 200].Sample(events =>
    {
        const uint Size = 64;
        const uint SizeMax = 512;
        var receiver = new ReceiveWindow();
        receiver.Reset(0, Size);
        var sender = new SendWindow { Limit = Size };
        var onItsWay = new List<ulong>();
        ulong granted = Size;
        long nowNs = Instant.Second;
        foreach ((int kind, uint amount) in events)
        {
            nowNs += amount * Instant.Millisecond;
            switch (kind)
            {
                case 0:
                    sender.Used += Math.Min(amount, sender.Available);
                    break;
                case 1:
                    receiver.Consumed += Math.Min(amount, sender.Used - receiver.Consumed);
                    break;
                case 2 when receiver.IsUpdateDue:
                    receiver.Update(new Instant(nowNs), RoundTripNs, SizeMax);
                    Assert.That(receiver.Limit, Is.GreaterThan(granted), "An update that was due brings credit.");
                    granted = receiver.Limit;
                    onItsWay.Add(granted);
                    break;
                case 3 when onItsWay.Count > 0:
                    // Any of those under way, again or late.
                    sender.Raise(onItsWay[(int)(amount % (uint)onItsWay.Count)]);
                    break;
                default:
                    break;
            }

            Assert.That(sender.Used, Is.LessThanOrEqualTo(sender.Limit));
            Assert.That(sender.Limit, Is.LessThanOrEqualTo(receiver.Limit), "Nothing was granted that the receiver does not know of.");
            Assert.That(receiver.Limit, Is.EqualTo(granted));
            Assert.That(receiver.Limit - receiver.Consumed, Is.LessThanOrEqualTo(receiver.Size), "No more is under way or unread than the window.");
            Assert.That(receiver.Size, Is.InRange(Size, SizeMax));
            Assert.That(receiver.IsUpdateDue, Is.EqualTo(receiver.Consumed + receiver.Size - granted >= Math.Max(receiver.Size / 2, 1)));
        }
    });
}
