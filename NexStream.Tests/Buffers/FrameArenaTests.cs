using NexStream.Core.Buffers;

namespace NexStream.Tests.Buffers;

/// <summary>How large an arena can be.</summary>
[TestFixture]
public sealed class FrameArenaTests
{
    /// <summary>The first is 2 GiB, one byte more than an array can be asked for; the second comes to 4096 bytes in 32 bits.</summary>
    [TestCase(2048, 1 << 20)]
    [TestCase((1 << 20) + 1, 1 << 12)]
    [TestCase(int.MaxValue, 1 << 24)]
    public void Arena_LargerThanAnArray_IsRefusedWithTheLimit(int frameSize, int frameCount) => Assert.That(
        () => new FrameArena(frameSize, frameCount),
        Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains($"are {(long)frameSize * frameCount} bytes").And.Message.Contains($"may have {Array.MaxLength - 64}"));

    [TestCase(0, 1)]
    [TestCase(-1, 1)]
    [TestCase(1, 0)]
    [TestCase(-2048, -64)]
    [TestCase(-2048, 64)]
    public void Arena_OfNoFrames_IsRefused(int frameSize, int frameCount) =>
        Assert.That(() => new FrameArena(frameSize, frameCount), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
