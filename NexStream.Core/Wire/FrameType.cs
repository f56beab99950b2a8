namespace NexStream.Core.Wire;

/// <summary>
/// The first byte of a frame (docs/wire-format.md). The ids of the seed's §3.4 are kept; 0x04 to 0x0A, 0x14 and 0x23 to 0x25 are added.
/// </summary>
internal enum FrameType : byte
{
    ConnInit = 0x01,
    ConnAccept = 0x02,
    ConnClose = 0x03,
    ConnCloseAck = 0x04,
    ConnRetry = 0x05,
    MaxStreams = 0x06,
    PathOffer = 0x07,

    /// <summary>Ends the packet: what lies behind it is the application's payload.</summary>
    Data = 0x08,

    /// <summary>Ends the packet: what lies behind it means nothing.</summary>
    Padding = 0x09,
    PathClose = 0x0A,

    StreamOpen = 0x10,
    StreamAck = 0x11,
    StreamClose = 0x12,
    StreamReset = 0x13,
    StreamCloseAck = 0x14,

    /// <summary>On stream 0 it acknowledges packets, on any other stream that stream's own sequence.</summary>
    DataAck = 0x20,

    DataNack = 0x21,
    WindowUpdate = 0x22,
    DataSkip = 0x23,
    ReceiverReport = 0x24,

    /// <summary>Ends the packet: what lies behind it is parity.</summary>
    Repair = 0x25,
    Ping = 0x30,
    Pong = 0x31,
    Congestion = 0x40,
}
