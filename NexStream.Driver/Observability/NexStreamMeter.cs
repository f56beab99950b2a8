using System.Diagnostics.Metrics;
using NexStream.Core.Primitives;

namespace NexStream.Driver.Observability;

/// <summary>
/// The meter "NexStream": counters and gauges of every driver that has telemetry, each measurement with the driver's name (<c>nexstream.driver</c>), those of
/// connections also with the connection's index and the peer's node. Who collects reads the last snapshot; no driver waits for it.
/// </summary>
internal static class NexStreamMeter
{
    public const string MeterName = "NexStream";

    private const string DriverTag = "nexstream.driver";
    private const string ConnectionTag = "nexstream.connection";
    private const string PeerTag = "nexstream.peer";

    private static readonly Meter s_meter = new(MeterName, typeof(NexStreamMeter).Assembly.GetName().Version?.ToString(3));
    private static readonly Lock s_lock = new();
    private static DriverTelemetry[] s_drivers = [];

    static NexStreamMeter()
    {
        Counter("nexstream.packets.sent", "{packet}", "Packets sent.", totals => totals.PacketsSent);
        Counter("nexstream.packets.received", "{packet}", "Packets received, duplicates left out.", totals => totals.PacketsReceived);
        Counter("nexstream.packets.lost", "{packet}", "Packets declared lost.", totals => totals.PacketsLost);
        Counter("nexstream.packets.spuriously_lost", "{packet}", "Packets declared lost that were acknowledged later.", totals => totals.SpuriousLosses);
        Counter("nexstream.packets.duplicate", "{packet}", "Packets of a path that were dropped as they came; most came twice.", totals => totals.Duplicates);
        Counter("nexstream.packets.retransmitted", "{packet}", "Packets that carried data again.", totals => totals.Retransmissions);
        Counter("nexstream.packets.unknown_tag", "{packet}", "Packets of no connection.", totals => totals.UnknownTags);
        Counter("nexstream.bytes.sent", "By", "Bytes of NexLink frames sent, headers included.", totals => totals.BytesSent);
        Counter("nexstream.bytes.received", "By", "Bytes of NexLink frames received, headers included.", totals => totals.BytesReceived);
        Counter("nexstream.acknowledgements.sent", "{frame}", "Acknowledgement frames sent.", totals => totals.AcknowledgementsSent);
        Counter("nexstream.probe_timeouts", "{timeout}", "Probe time-outs.", totals => totals.ProbeTimeouts);
        Counter("nexstream.connections.opened", "{connection}", "Connections that the host was told of.", totals => totals.ConnectionsOpened);
        Counter("nexstream.connections.closed", "{connection}", "Connections that ended.", totals => totals.ConnectionsClosed);
        Counter("nexstream.handshakes.refused", "{handshake}", "Requests for a connection that were not accepted.", totals => totals.HandshakesRefused);
        Counter("nexstream.handshakes.failed", "{handshake}", "Connections of this side that nobody accepted.", totals => totals.HandshakesFailed);
        Counter("nexstream.answers.suppressed", "{frame}", "Answers without a connection that their rate limit held back.", totals => totals.AnswersSuppressed);
        Counter("nexstream.streams.opened", "{stream}", "Streams opened, by either side.", totals => totals.StreamsOpened);
        Counter("nexstream.messages.lost", "{message}", "Messages that were reported as lost.", totals => totals.MessagesLost);
        Counter("nexstream.messages.expired", "{message}", "Messages whose deadline passed.", totals => totals.MessagesExpired);
        Counter("nexstream.frames.sent", "{frame}", "Frames that links have taken.", totals => totals.FramesSent);
        Counter("nexstream.frames.received", "{frame}", "Frames that came in.", totals => totals.FramesReceived);
        Counter("nexstream.frames.malformed", "{frame}", "Frames that came in and were too short, of another version or for another node.", totals => totals.FramesMalformed);
        Counter("nexstream.frames.unroutable", "{frame}", "Frames to a node without a link.", totals => totals.FramesUnroutable);
        Counter("nexstream.frames.stalled", "{frame}", "Frames dropped because the peer takes nothing.", totals => totals.FramesStalled);
        Counter("nexstream.link.full", "{turn}", "Turns in which a full ring stopped transmission.", totals => totals.FullRings);
        Counter("nexstream.links.lost", "{link}", "Links whose peer is gone.", totals => totals.LinksLost);
        Counter("nexstream.driver.turns", "{turn}", "Turns of the driver's loop.", totals => totals.Turns);
        Counter("nexstream.driver.busy_turns", "{turn}", "Turns that found something to do.", totals => totals.TurnsWithWork);
        Counter("nexstream.driver.timers", "{timer}", "Timers that fired.", totals => totals.TimersFired);
        Gauge("nexstream.connections.open", "{connection}", "Connections alive.", totals => totals.ConnectionsOpen);
        Gauge("nexstream.streams.open", "{stream}", "Streams alive.", totals => totals.StreamsOpen);
        Gauge("nexstream.arena.used", "{frame}", "Frames of the endpoint's arena that hold something.", totals => totals.ArenaFrames - totals.ArenaFree);
        Connection("nexstream.connection.rtt", "s", "Smoothed round-trip time.", record => record.SmoothedRttNs / (double)Instant.Second);
        Connection("nexstream.connection.rtt.min", "s", "Smallest round-trip time.", record => record.MinRttNs / (double)Instant.Second);
        Connection("nexstream.connection.congestion_window", "By", "Congestion window.", record => record.CongestionWindow);
        Connection("nexstream.connection.bytes_in_flight", "By", "Bytes in flight.", record => record.BytesInFlight);
        Connection("nexstream.connection.streams", "{stream}", "Streams alive.", record => record.Streams);
    }

    /// <summary>Shows a driver from now on.</summary>
    public static void Add(DriverTelemetry driver)
    {
        lock (s_lock)
        {
            s_drivers = [.. s_drivers, driver];
        }
    }

    /// <summary>Shows it no longer.</summary>
    public static void Remove(DriverTelemetry driver)
    {
        lock (s_lock)
        {
            s_drivers = [.. s_drivers.Where(other => other != driver)];
        }
    }

    private static void Counter(string name, string unit, string description, Func<TelemetryTotals, long> of) =>
        s_meter.CreateObservableCounter(name, () => Measure(of), unit, description);

    private static void Gauge(string name, string unit, string description, Func<TelemetryTotals, long> of) =>
        s_meter.CreateObservableUpDownCounter(name, () => Measure(of), unit, description);

    private static void Connection(string name, string unit, string description, Func<ConnectionRecord, double> of) =>
        s_meter.CreateObservableGauge(name, () => Measure(of), unit, description);

    private static IEnumerable<Measurement<long>> Measure(Func<TelemetryTotals, long> of)
    {
        foreach (DriverTelemetry driver in Volatile.Read(ref s_drivers))
        {
            if (driver.Read() is { } snapshot)
            {
                yield return new Measurement<long>(of(snapshot.Totals), new KeyValuePair<string, object?>(DriverTag, snapshot.Name));
            }
        }
    }

    private static IEnumerable<Measurement<double>> Measure(Func<ConnectionRecord, double> of)
    {
        foreach (DriverTelemetry driver in Volatile.Read(ref s_drivers))
        {
            foreach (ConnectionRecord record in driver.Read()?.Connections ?? [])
            {
                yield return new Measurement<double>(
                    of(record),
                    new KeyValuePair<string, object?>(DriverTag, driver.Name),
                    new KeyValuePair<string, object?>(ConnectionTag, record.Index),
                    new KeyValuePair<string, object?>(PeerTag, new NodeId(record.RemoteHigh, record.RemoteLow).ToString()));
            }
        }
    }
}
