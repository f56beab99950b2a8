using NexStream.Core.Primitives;
using NexStream.Tool.Transfer;

namespace NexStream.Tests.Tools;

[TestFixture]
public sealed class BlockPlanTests
{
    private const int Blocks = 10_000;
    private const long Length = ((Blocks - 1) * (long)BlockPlan.BlockSize) + 1;

    private Instant _now = new(Instant.Second);

    [TestCase(0.0)]
    [TestCase(0.1)]
    [TestCase(0.9)]
    public void TryAsk_AnyLoss_AsksUntilAllAreThere(double loss)
    {
        var plan = new BlockPlan(Length, _now);
        var random = new Random(1);
        int asked = 0;
        for (int turns = 0; !plan.IsComplete; turns++)
        {
            Assert.That(turns, Is.LessThan(1_000_000));
            while (plan.TryAsk(_now, out long first, out int count))
            {
                Assert.That(first, Is.InRange(0, Blocks - count));
                for (long block = first; block < first + count; block++)
                {
                    asked++;
                    if (random.NextDouble() >= loss)
                    {
                        Assert.That(plan.TryAdd(block * BlockPlan.BlockSize, _now), Is.True, "It was asked for although it was there.");
                    }
                }
            }

            _now += 10 * Instant.Millisecond;
        }

        Assert.That(asked, loss == 0 ? Is.EqualTo(Blocks) : Is.GreaterThan(Blocks));
        Assert.That(plan.TryAsk(_now + Instant.Second, out _, out _), Is.False);
    }

    [Test]
    public void TryAsk_NothingComes_AsksForABoundedWindowAndTheSameAgainAfterASilence()
    {
        var plan = new BlockPlan(Length, _now);
        long Ask()
        {
            long sum = 0;
            while (plan.TryAsk(_now, out _, out int count))
            {
                sum += count;
            }

            return sum;
        }

        Assert.That(Ask(), Is.EqualTo(2048));
        _now += 100 * Instant.Millisecond;
        Assert.That(Ask(), Is.Zero, "too early");
        _now += 100 * Instant.Millisecond;
        Assert.That(Ask(), Is.EqualTo(2048));
        Assert.That(Ask(), Is.Zero);
    }

    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(Blocks * BlockPlan.BlockSize)]
    [TestCase(long.MaxValue)]
    public void TryAdd_NoBlock_IsRefused(long offset) => Assert.That(new BlockPlan(Length, _now).TryAdd(offset, _now), Is.False);

    [Test]
    public void TryAdd_Twice_IsRefused()
    {
        var plan = new BlockPlan(Length, _now);
        Assert.That(plan.TryAdd(0, _now), Is.True);
        Assert.That(plan.TryAdd(0, _now), Is.False);
    }

    [Test]
    public void IsComplete_EmptyFile_IsAtOnce() => Assert.That(new BlockPlan(0, _now).IsComplete, Is.True);

    [TestCase("0 1", ExpectedResult = true)]
    [TestCase("9999 1", ExpectedResult = true)]
    [TestCase("0 10000", ExpectedResult = true)]
    [TestCase("9999 2", ExpectedResult = false)]
    [TestCase("10000 1", ExpectedResult = false)]
    [TestCase("0 10001", ExpectedResult = false)]
    [TestCase("0 0", ExpectedResult = false)]
    [TestCase("-1 1", ExpectedResult = false)]
    [TestCase("0 2147483648", ExpectedResult = false)]
    [TestCase("0", ExpectedResult = false)]
    [TestCase("0 1 2", ExpectedResult = false)]
    [TestCase("", ExpectedResult = false)]
    public bool WantedBlocks_Request_IsReadOrRefused(string text) => new WantedBlocks(null!, Length, default, 1).TryAdd(text);

    [Test]
    public void WantedBlocks_RequestsWithoutEnd_AreBounded()
    {
        var wanted = new WantedBlocks(null!, Length, default, 1);
        int taken = 0;
        while (taken <= Blocks && wanted.TryAdd("0 1"))
        {
            taken++;
        }

        Assert.That(taken, Is.EqualTo(256));
    }

    [Test]
    public void WantedBlocks_RequestOfAnEmptyFile_IsRefused() => Assert.That(new WantedBlocks(null!, 0, default, 1).TryAdd("0 1"), Is.False);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(WantedBlocks.PrefixSize)]
    public void WantedBlocks_ShortMessage_IsNoBlock(int length)
    {
        byte[] message = new byte[length];
        Array.Fill(message, (byte)FileMessageKind.Content);
        Assert.That(WantedBlocks.TryRead(message, out _, out _, out _), Is.False);
    }
}
