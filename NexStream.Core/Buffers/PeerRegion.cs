namespace NexStream.Core.Buffers;

/// <summary>Gives frames of a peer process back to it, over the link that they came from.</summary>
public interface IFrameReleaser
{
    /// <summary>Nothing here reads the frame any more; <paramref name="holds"/> is how often it had been handed over since the last release.</summary>
    void Release(int index, int holds);
}

/// <summary>
/// The frames of a peer process, mapped read-only. The core counts its references; when the last one goes, the frame goes back to
/// the peer with the number of times that it was handed over, because the sender counts its holds one by one.
/// </summary>
public sealed class PeerRegion : FrameRegion
{
    private readonly IFrameReleaser _releaser;

    /// <summary>Describes a peer's frames.</summary>
    /// <param name="memory">The first byte, as this process maps it.</param>
    /// <param name="frameSize">Bytes in a frame.</param>
    /// <param name="frameCount">Frames.</param>
    /// <param name="releaser">Where released frames go.</param>
    public PeerRegion(nint memory, int frameSize, int frameCount, IFrameReleaser releaser)
        : base(memory, frameSize, frameCount)
    {
        ArgumentNullException.ThrowIfNull(releaser);
        _releaser = releaser;
    }

    /// <summary>Frames of the peer that this endpoint references now.</summary>
    public int HeldCount => Held;

    /// <inheritdoc />
    internal override void OnUnreferenced(int index, ref FrameRecord record)
    {
        int holds = record.Holds;
        record.Holds = 0;
        Held--;
        _releaser.Release(index, holds);
    }
}
