namespace NexStream.Core.State;

/// <summary>Control frames that belong to the connection itself, a bit each; the content is read when the frame is written.</summary>
[Flags]
internal enum ConnectionControl : byte
{
    None = 0,
    Accept = 1 << 0,
    Window = 1 << 1,
    StreamLimit = 1 << 2,

    /// <summary>A path is to be offered, or its end told.</summary>
    Paths = 1 << 3,
}

/// <summary>
/// What one packet said in control frames: of one stream, of one message, or of the connection. If the packet is lost the same bits are
/// set again, and the frames are written anew with the content that holds then (RFC 9000 §13.3).
/// </summary>
internal struct ControlRecord
{
    /// <summary>Records that one packet can use: its head holds no more frames of the smallest kind that is remembered.</summary>
    public const int PerPacketMax = Wire.Transmission.HeadCapacity / Wire.Frames.StreamAckFrame.WireSize;

    public int Next;

    /// <summary>The stream, or -1: the connection.</summary>
    public int Stream;
    public uint StreamGeneration;

    /// <summary>The message that DATA_SKIP was about, or -1.</summary>
    public int Message;
    public uint MessageGeneration;

    public StreamControl StreamFrames;
    public ConnectionControl ConnectionFrames;
    public PathControl PathFrames;

    /// <summary>The path that PATH_OFFER or PATH_CLOSE was about.</summary>
    public byte Path;
}
