using NexStream.Core.Buffers;

namespace NexStream.Tests.Buffers;

/// <summary>How long a message may be that has to be held whole.</summary>
[TestFixture]
public sealed class MemoryShareTests
{
    private const int FrameSize = 1024;

    // Half of the share is for sending, if there are records for so many frames.
    [TestCase(64, 1000, 32 * FrameSize)]
    [TestCase(64, 20, 20 * FrameSize)]
    [TestCase(1, 1000, FrameSize)]
    public void SentMessageMax_OfAShare_IsWhatASendMayHold(int frames, int chunks, long bytes) =>
        Assert.That(Share(frames).SentMessageMax(Store(chunks)), Is.EqualTo(bytes));

    // All but a sixteenth of the share, at least a frame, holds what waits for a piece: a frame for each piece, or as many as a longer one needs.
    [TestCase(64, 1000, 1000, 60 * 1000)]
    [TestCase(64, 1000, 1024, 60 * 1024)]
    [TestCase(64, 1000, 1025, 30 * 1025)]
    [TestCase(64, 1000, 3000, 20 * 3000)]
    [TestCase(64, 20, 1000, 20 * 1000)]
    [TestCase(3, 1000, 3000, 2 * FrameSize, Description = "no piece as long, but a shorter message")]
    [TestCase(1, 1000, 1000, 1000)]
    public void ReceivedMessageMax_OfAShare_IsWhatItsFramesHold(int frames, int chunks, int pieceLength, long bytes) =>
        Assert.That(Share(frames).ReceivedMessageMax(Store(chunks), pieceLength), Is.EqualTo(bytes));

    private static MemoryShare Share(int frames)
    {
        var share = new MemoryShare(0);
        share.Reset(frames);
        return share;
    }

    private static PayloadStore Store(int chunks) => new(new FrameTable(new FrameArena(FrameSize, 4), 1), new Slab<Chunk>(chunks), 0);
}
