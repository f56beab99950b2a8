namespace NexStream.Core.Buffers;

/// <summary>What one connection may hold of its endpoint's memory, and the frames that its small payloads share.</summary>
internal sealed class MemoryShare(int owner)
{
    /// <summary>Who is charged: the connection's index.</summary>
    public readonly int Owner = owner;

    /// <summary>Frames that it may hold.</summary>
    public int FramesMax;

    /// <summary>
    /// Frames that it may hold to take in what lies behind a gap: all but a sixteenth, as of the arena by default. What fills the gaps must find room also while the
    /// application has not read what came in order; else it is dropped, and comes again only when a probe brings it.
    /// </summary>
    public int AheadMax;

    /// <summary>
    /// Frames that it may hold for a send to take more: half, because two sides that are both full of what they want to send could never take in the other's
    /// data. The last quarter of that half is for streams that hold little, so that one that is stalled does not silence the others.
    /// </summary>
    public int SendFramesMax;
    public int SendFramesMaxOfLargeStream;

    /// <summary>Where small payloads that are sent, and that were received, are put together.</summary>
    public SharedFrame Sending;
    public SharedFrame Received;

    public void Reset(int framesMax)
    {
        FramesMax = framesMax;
        AheadMax = framesMax - Math.Max(framesMax / 16, 1);
        SendFramesMax = Math.Max(framesMax / 2, 1);
        SendFramesMaxOfLargeStream = SendFramesMax - (SendFramesMax / 4);
        Sending = SharedFrame.None;
        Received = SharedFrame.None;
    }

    /// <summary>Bytes of the longest message that a send can hold while the connection holds nothing else.</summary>
    public long SentMessageMax(PayloadStore store) => (long)Math.Min(SendFramesMax, store.Chunks.Capacity) * store.Frames.FrameSize;

    /// <summary>
    /// Bytes of the longest message that can be put together while the connection holds nothing else, and each piece keeps frames of its own. A path that carries less
    /// than it begins with cuts shorter pieces: then a message of this length can lack memory.
    /// </summary>
    /// <param name="store">Where it is kept.</param>
    /// <param name="pieceLength">What a packet carries of it.</param>
    public long ReceivedMessageMax(PayloadStore store, int pieceLength)
    {
        int frameSize = store.Frames.FrameSize;
        int frames = Math.Min(Math.Max(AheadMax, 1), store.Chunks.Capacity);
        int framesOfPiece = ((pieceLength - 1) / frameSize) + 1;
        return frames < framesOfPiece ? (long)frames * frameSize : (long)(frames / framesOfPiece) * pieceLength;
    }
}
