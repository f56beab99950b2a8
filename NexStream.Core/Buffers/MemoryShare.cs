namespace NexStream.Core.Buffers;

/// <summary>What one connection may hold of its endpoint's memory, and the frames that its small payloads share.</summary>
internal sealed class MemoryShare(int owner)
{
    /// <summary>Who is charged: the connection's index.</summary>
    public readonly int Owner = owner;

    /// <summary>Frames that it may hold.</summary>
    public int FramesMax;

    /// <summary>Where small payloads that are sent, and that were received, are put together.</summary>
    public SharedFrame Sending;
    public SharedFrame Received;

    public void Reset(int framesMax)
    {
        FramesMax = framesMax;
        Sending = SharedFrame.None;
        Received = SharedFrame.None;
    }
}
