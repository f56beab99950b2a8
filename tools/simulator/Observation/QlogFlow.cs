using System.Globalization;
using System.Text.Json;
using NexStream.Core.Stats;
using NexStream.Core.Wire;
using NexStream.Replay.Qlog;
using NexStream.Simulator.Links;
using NexStream.Simulator.Traffic;

namespace NexStream.Simulator.Observation;

/// <summary>
/// A flow's trace, from its client: what it puts on the link, what reaches it, how its recovery stands, and what the links do to its frames.
/// The file is a qlog (draft-ietf-quic-qlog-main-schema) with QUIC's events where they fit (draft-ietf-quic-qlog-quic-events).
/// </summary>
internal sealed class QlogFlow : IDisposable
{
    private const string PacketSent = "quic:packet_sent";
    private const string PacketReceived = "quic:packet_received";
    private const string MetricsUpdated = "recovery:metrics_updated";
    private const string QueueDropped = "nexstream:queue_dropped";
    private const string Lost = "nexstream:lost";
    private const string Marked = "nexstream:marked";

    private const int BitsPerByte = 8;

    private readonly FlowRecord _flow;
    private readonly QlogRecords _records;
    private PathStatistics _written;
    private bool _isNews;

    public QlogFlow(FlowRecord flow, string title, ulong seed, Stream output)
    {
        _flow = flow;
        _records = new QlogRecords(output);
        _records.WriteHeader(
            title,
            "client",
            "client",
            string.Create(CultureInfo.InvariantCulture, $"NexStream simulation of {title}, seed {seed}, flow {flow.Index} ({flow.Spec.Congestion}), seen from its client"),
            string.Create(CultureInfo.InvariantCulture, $"flow-{flow.Index}"));
    }

    /// <summary>Something happened to a frame of this flow.</summary>
    public void OnFrame(DirectedLink link, bool isForward, Packet packet, FrameFate fate, long now)
    {
        switch (fate)
        {
            case FrameFate.Entered when isForward:
                WritePacket(PacketSent, packet, now);
                OnSent(now);
                break;
            case FrameFate.Delivered:
                WriteMark(link, packet, now);
                if (!isForward)
                {
                    WritePacket(PacketReceived, packet, now);
                    _isNews = true;
                }

                break;
            case FrameFate.QueueDropped:
                WriteFate(QueueDropped, link, packet, now, null);
                break;
            case FrameFate.Lost:
                WriteFate(Lost, link, packet, now, "random");
                break;
            case FrameFate.Corrupted:
                WriteFate(Lost, link, packet, now, "corrupted");
                break;
            case FrameFate.TooLong:
                WriteFate(Lost, link, packet, now, "too_long");
                break;
            case FrameFate.Outage:
                WriteFate(Lost, link, packet, now, "outage");
                break;
            default:
                break;
        }
    }

    /// <summary>Writes what changed of the recovery's state, if anything did.</summary>
    public void WriteMetrics(long now)
    {
        if (!_flow.Connection.IsAlive)
        {
            return;
        }

        PathStatistics path = _flow.Connection.Statistics.Path;
        if (path.MinRttNs == 0)
        {
            // Without a sample these are only what the RFC has everybody begin with.
            path = path with { SmoothedRttNs = 0, RttVarianceNs = 0 };
        }

        if (path.SlowStartThreshold == long.MaxValue)
        {
            path = path with { SlowStartThreshold = 0 };
        }

        if (IsSame(path, _written))
        {
            return;
        }

        Utf8JsonWriter json = _records.BeginEvent(MetricsUpdated, now);
        WriteTime(json, "min_rtt", path.MinRttNs, _written.MinRttNs);
        WriteTime(json, "smoothed_rtt", path.SmoothedRttNs, _written.SmoothedRttNs);
        WriteTime(json, "latest_rtt", Sampler.LatestRttNs(path), Sampler.LatestRttNs(_written));
        WriteTime(json, "rtt_variance", path.RttVarianceNs, _written.RttVarianceNs);
        WriteNumber(json, "congestion_window", path.CongestionWindow, _written.CongestionWindow);
        WriteNumber(json, "bytes_in_flight", path.BytesInFlight, _written.BytesInFlight);
        WriteNumber(json, "ssthresh", path.SlowStartThreshold, _written.SlowStartThreshold);
        WriteNumber(json, "pacing_rate", path.PacingRate * BitsPerByte, _written.PacingRate * BitsPerByte);
        WriteNumber(json, "packets_lost", (long)path.PacketsLost, (long)_written.PacketsLost);
        WriteNumber(json, "spurious_losses", (long)path.SpuriousLosses, (long)_written.SpuriousLosses);
        _records.EndEvent();
        _written = path;
    }

    public void Dispose() => _records.Dispose();

    /// <summary>The recovery's state changes with every packet; what tells something is what an acknowledgement did to it.</summary>
    private void OnSent(long now)
    {
        if (_isNews)
        {
            _isNews = false;
            WriteMetrics(now);
        }
    }

    private void WritePacket(string name, Packet packet, long now)
    {
        Utf8JsonWriter json = _records.BeginEvent(name, now);
        WriteIdentity(json, packet);
        json.WriteStartObject("raw");
        json.WriteNumber("length", packet.WireLength);
        json.WriteEndObject();
        _records.EndEvent();
    }

    private void WriteFate(string name, DirectedLink link, Packet packet, long now, string? cause)
    {
        Utf8JsonWriter json = _records.BeginEvent(name, now);
        WriteOnLink(json, link, packet);
        if (cause is not null)
        {
            json.WriteString("cause", cause);
        }
        else
        {
            json.WriteNumber("queued_bytes", link.Queued);
        }

        _records.EndEvent();
    }

    private void WriteMark(DirectedLink link, Packet packet, long now)
    {
        if (packet.Header.Ecn == EcnCodepoint.CongestionExperienced)
        {
            Utf8JsonWriter json = _records.BeginEvent(Marked, now);
            WriteOnLink(json, link, packet);
            _records.EndEvent();
        }
    }

    private static void WriteOnLink(Utf8JsonWriter json, DirectedLink link, Packet packet)
    {
        json.WriteString("link", link.Name);
        WriteIdentity(json, packet);
        json.WriteNumber("length", packet.WireLength);
    }

    private static void WriteIdentity(Utf8JsonWriter json, Packet packet)
    {
        var identity = PacketIdentity.Of(packet);
        json.WriteStartObject("header");
        json.WriteString("packet_type", identity.Tag == 0 ? "initial" : "1RTT");
        json.WriteNumber("packet_number", identity.Number);
        json.WriteString("dcid", identity.Tag.ToString("x16", CultureInfo.InvariantCulture));
        json.WriteNumber("path_id", identity.PathId);
        json.WriteEndObject();
    }

    private static bool IsSame(in PathStatistics a, in PathStatistics b) =>
        a.MinRttNs == b.MinRttNs
        && a.SmoothedRttNs == b.SmoothedRttNs
        && a.QueueingDelayNs == b.QueueingDelayNs
        && a.RttVarianceNs == b.RttVarianceNs
        && a.CongestionWindow == b.CongestionWindow
        && a.BytesInFlight == b.BytesInFlight
        && a.SlowStartThreshold == b.SlowStartThreshold
        && a.PacingRate == b.PacingRate
        && a.PacketsLost == b.PacketsLost
        && a.SpuriousLosses == b.SpuriousLosses;

    private static void WriteTime(Utf8JsonWriter json, string name, long ns, long before)
    {
        if (ns != before)
        {
            json.WriteNumber(name, QlogRecords.Milliseconds(ns));
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long value, long before)
    {
        if (value != before)
        {
            json.WriteNumber(name, value);
        }
    }
}
