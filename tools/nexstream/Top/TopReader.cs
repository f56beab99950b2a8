using NexStream.Core.Primitives;
using NexStream.Driver.Observability;
using NexStream.Tool.Throughput;

namespace NexStream.Tool.Top;

/// <summary>Looks at all drivers, and remembers the look before for rates.</summary>
internal sealed class TopReader(int? processId)
{
    private const double BitsPerByte = 8;

    /// <summary>Bits in a nanosecond are 10^9 bits in a second.</summary>
    private const double MbpsPerBitNs = 1000;

    private Dictionary<(int Process, string Name), TelemetrySnapshot> _before = [];

    /// <summary>Looks.</summary>
    public TopReport Read()
    {
        IReadOnlyList<TelemetrySnapshot> now = TelemetryFiles.Read(processId);
        var report = new TopReport([.. now.Select(Driver)]);
        _before = now.GroupBy(Key).ToDictionary(group => group.Key, group => group.Last());
        return report;
    }

    private static (int Process, string Name) Key(TelemetrySnapshot snapshot) => (snapshot.Header.ProcessId, snapshot.Name);

    private TopDriver Driver(TelemetrySnapshot snapshot)
    {
        TelemetrySnapshot? before = _before.GetValueOrDefault(Key(snapshot));
        long elapsedNs = snapshot.Header.TakenAtNs - (before?.Header.TakenAtNs ?? snapshot.Header.TakenAtNs);
        TelemetryTotals totals = snapshot.Totals;
        TelemetryTotals earlier = before?.Totals ?? totals;
        long turns = totals.Turns - (before?.Totals.Turns ?? 0);
        return new TopDriver(
            snapshot.Header.ProcessId,
            snapshot.Name,
            Mbps(totals.BytesSent - earlier.BytesSent, elapsedNs),
            Mbps(totals.BytesReceived - earlier.BytesReceived, elapsedNs),
            totals.PacketsSent,
            totals.PacketsReceived,
            totals.PacketsLost,
            totals.Retransmissions,
            totals.HandshakesRefused + totals.HandshakesFailed,
            totals.FullRings,
            turns > 0 ? (totals.TurnsWithWork - (before?.Totals.TurnsWithWork ?? 0)) / (double)turns : 0,
            totals.ConnectionsOpen,
            totals.StreamsOpen,
            [.. snapshot.Connections.Select(connection => Connection(connection, snapshot, before, elapsedNs))]);
    }

    private static TopConnection Connection(ConnectionRecord now, TelemetrySnapshot snapshot, TelemetrySnapshot? before, long elapsedNs)
    {
        // Another connection may have the number by now: then its bytes are fewer.
        ConnectionRecord[] same = [.. (before?.Connections ?? []).Where(other => other.Index == now.Index && other.BytesSent <= now.BytesSent && other.BytesReceived <= now.BytesReceived)];
        ConnectionRecord earlier = same.Length > 0 ? same[0] : now;
        return new TopConnection(
            now.Index,
            new NodeId(now.RemoteHigh, now.RemoteLow).ToString(),
            now.IsOpen != 0,
            now.Paths,
            Mbps(now.BytesSent - earlier.BytesSent, elapsedNs),
            Mbps(now.BytesReceived - earlier.BytesReceived, elapsedNs),
            now.SmoothedRttNs / (double)Instant.Millisecond,
            now.MinRttNs / (double)Instant.Millisecond,
            now.CongestionWindow,
            now.BytesInFlight,
            now.PacketsLost,
            now.Retransmissions,
            [.. snapshot.Streams.Where(stream => stream.Connection == now.Index).OrderBy(stream => stream.Id).Select(Stream)]);
    }

    private static TopStream Stream(StreamRecord stream) => new(
        stream.Id,
        ThroughputModes.NameOf((TransportMode)stream.Mode),
        stream.Sent,
        stream.Queued,
        stream.Received,
        stream.PacketsLost,
        stream.Retransmissions,
        stream.SendBuffered,
        stream.ReceiveBuffered);

    private static double Mbps(long bytes, long elapsedNs) => elapsedNs > 0 ? bytes * BitsPerByte * MbpsPerBitNs / elapsedNs : 0;
}
