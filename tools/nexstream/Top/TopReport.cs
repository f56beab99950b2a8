namespace NexStream.Tool.Top;

/// <summary>What nexstream top sees at one moment.</summary>
/// <param name="Drivers">The drivers of all processes that show what they do.</param>
internal sealed record TopReport(IReadOnlyList<TopDriver> Drivers);

/// <summary>A driver. Rates are over the time since the look before, and 0 at the first.</summary>
/// <param name="ProcessId">Its process.</param>
/// <param name="Name">What it is called.</param>
/// <param name="SendMbps">10^6 bits of frames sent in a second.</param>
/// <param name="ReceiveMbps">10^6 bits of frames received in a second.</param>
/// <param name="PacketsSent">Packets sent so far.</param>
/// <param name="PacketsReceived">Packets received so far.</param>
/// <param name="PacketsLost">Packets declared lost so far.</param>
/// <param name="Retransmissions">Packets that carried data again so far.</param>
/// <param name="HandshakesFailed">Handshakes refused, and of its own that failed, so far.</param>
/// <param name="FullRings">Turns that a full ring ended so far.</param>
/// <param name="BusyShare">The share of turns that had something to do.</param>
/// <param name="ConnectionsOpen">Connections alive.</param>
/// <param name="StreamsOpen">Streams alive.</param>
/// <param name="Connections">The connections that are shown one by one.</param>
internal sealed record TopDriver(
    int ProcessId,
    string Name,
    double SendMbps,
    double ReceiveMbps,
    long PacketsSent,
    long PacketsReceived,
    long PacketsLost,
    long Retransmissions,
    long HandshakesFailed,
    long FullRings,
    double BusyShare,
    long ConnectionsOpen,
    long StreamsOpen,
    IReadOnlyList<TopConnection> Connections);

/// <summary>A connection.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Remote">The peer's node.</param>
/// <param name="IsOpen">Whether it is established.</param>
/// <param name="Paths">Its paths.</param>
/// <param name="SendMbps">10^6 bits of frames sent in a second.</param>
/// <param name="ReceiveMbps">10^6 bits of frames received in a second.</param>
/// <param name="RttMs">Smoothed round-trip time in milliseconds.</param>
/// <param name="MinRttMs">The smallest.</param>
/// <param name="CongestionWindow">Bytes that may be in flight.</param>
/// <param name="BytesInFlight">Bytes that are.</param>
/// <param name="PacketsLost">Packets declared lost so far.</param>
/// <param name="Retransmissions">Packets that carried data again so far.</param>
/// <param name="Streams">The streams that are shown one by one.</param>
internal sealed record TopConnection(
    int Index,
    string Remote,
    bool IsOpen,
    int Paths,
    double SendMbps,
    double ReceiveMbps,
    double RttMs,
    double MinRttMs,
    long CongestionWindow,
    long BytesInFlight,
    long PacketsLost,
    long Retransmissions,
    IReadOnlyList<TopStream> Streams);

/// <summary>A stream. RO counts bytes, the other modes messages.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Mode">ro, ru, be or pr.</param>
/// <param name="Sent">Units sent once.</param>
/// <param name="Queued">Units that the application handed over.</param>
/// <param name="Received">Units that the application has read.</param>
/// <param name="PacketsLost">Its packets declared lost.</param>
/// <param name="Retransmissions">Its packets that carried data again.</param>
/// <param name="SendBuffered">Bytes held for sending.</param>
/// <param name="ReceiveBuffered">Bytes that wait to be read.</param>
internal sealed record TopStream(
    long Id, string Mode, long Sent, long Queued, long Received, long PacketsLost, long Retransmissions, long SendBuffered, long ReceiveBuffered);
