namespace NexStream.Core.Wire.Frames;

/// <summary>Which half of a stream a STREAM_RESET ends.</summary>
internal enum StreamResetDirection : byte
{
    /// <summary>The sender's own sending half: what is missing will not come (RFC 9000 §19.4).</summary>
    Sending = 0,

    /// <summary>Asks the peer to reset its sending half, as nobody reads it any more (RFC 9000 §19.5, STOP_SENDING).</summary>
    StopSending = 1,
}
