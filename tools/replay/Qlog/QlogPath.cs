using System.Text.Json;
using NexStream.Core.Buffers;
using NexStream.Core.Congestion.Bbr;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Stats;
using Path = NexStream.Core.State.Path;

namespace NexStream.Replay.Qlog;

/// <summary>What was written of a path: its metrics, the state of its congestion controller, and which packets it has lost.</summary>
internal sealed class QlogPath(Path path)
{
    private const int BitsPerByte = 8;

    private readonly HashSet<ulong> _lost = [];
    private PathStatistics _written;
    private ulong _losses;
    private ulong _duplicates;
    private string _congestion = string.Empty;

    /// <summary>The tag, which no other use of the path's record has.</summary>
    private readonly ulong _tag = path.LocalTag;

    /// <summary>The path, whose record another connection may use by now.</summary>
    public Path Path => path;

    /// <summary>The connection that it belongs to.</summary>
    public string Group { get; } = QlogConverter.Group(path.Owner.Index, path.Owner.Generation);

    /// <summary>Whether the record is still this path's.</summary>
    public bool IsCurrent => path.LocalTag == _tag;

    /// <summary>Whether the packet that just came had come before.</summary>
    public bool TakeDuplicate()
    {
        bool isNew = path.DuplicatesReceived != _duplicates;
        _duplicates = path.DuplicatesReceived;
        return isNew;
    }

    /// <summary>Writes packets that were given up since the last call, what changed of the metrics, and the controller's state if that changed.</summary>
    public void Write(QlogRecords records, long now, EndpointState endpoint)
    {
        if (!IsCurrent)
        {
            return;
        }

        PathStatistics current = path.Statistics();
        bool hasLost = current.PacketsLost != _losses;
        _losses = current.PacketsLost;
        if (hasLost)
        {
            WriteLost(records, now, endpoint.Packets);
        }

        WriteMetrics(records, now, current);
        string congestion = StateOf(current, hasLost);
        if (congestion != _congestion)
        {
            Utf8JsonWriter json = records.BeginEvent("recovery:congestion_state_updated", now, Group);
            json.WriteNumber("path_id", current.Id);
            if (_congestion.Length > 0)
            {
                json.WriteString("old", _congestion);
            }

            json.WriteString("new", congestion);
            records.EndEvent();
            _congestion = congestion;
        }
    }

    private void WriteLost(QlogRecords records, long now, Slab<SentPacket> packets)
    {
        // The core remembers lost packets for a while, the latest at the end; numbers are never used again.
        for (int index = path.RecentlyLost.Head; index >= 0; index = packets[index].Link.Next)
        {
            ulong number = packets[index].Number;
            if (_lost.Add(number))
            {
                Utf8JsonWriter json = records.BeginEvent("recovery:packet_lost", now, Group);
                json.WriteStartObject("header");
                json.WriteString("packet_type", "1RTT");
                json.WriteNumber("packet_number", number);
                json.WriteNumber("path_id", path.Id);
                json.WriteEndObject();
                json.WriteNumber("length", packets[index].Size);
                records.EndEvent();
            }
        }
    }

    private void WriteMetrics(QlogRecords records, long now, PathStatistics current)
    {
        if (current.MinRttNs == 0)
        {
            // Without a sample these are only what the RFC has everybody begin with.
            current = current with { SmoothedRttNs = 0, RttVarianceNs = 0 };
        }

        if (current.SlowStartThreshold == long.MaxValue)
        {
            current = current with { SlowStartThreshold = 0 };
        }

        (string Name, decimal Value, decimal Before)[] metrics =
        [
            ("min_rtt", QlogRecords.Milliseconds(current.MinRttNs), QlogRecords.Milliseconds(_written.MinRttNs)),
            ("smoothed_rtt", QlogRecords.Milliseconds(current.SmoothedRttNs), QlogRecords.Milliseconds(_written.SmoothedRttNs)),
            ("rtt_variance", QlogRecords.Milliseconds(current.RttVarianceNs), QlogRecords.Milliseconds(_written.RttVarianceNs)),
            ("pto_count", path.ProbeTimeoutCount, _written.ProbeTimeouts),
            ("congestion_window", current.CongestionWindow, _written.CongestionWindow),
            ("bytes_in_flight", current.BytesInFlight, _written.BytesInFlight),
            ("ssthresh", current.SlowStartThreshold, _written.SlowStartThreshold),
            ("pacing_rate", current.PacingRate * BitsPerByte, _written.PacingRate * BitsPerByte),
            ("delivery_rate", current.DeliveryRate * BitsPerByte, _written.DeliveryRate * BitsPerByte),
            ("packets_lost", current.PacketsLost, _written.PacketsLost),
            ("spurious_losses", current.SpuriousLosses, _written.SpuriousLosses),
            ("frame_length", current.FrameLength, _written.FrameLength),
        ];

        // Held where the total stood: what is compared with is how many there are in a row.
        current = current with { ProbeTimeouts = (ulong)path.ProbeTimeoutCount };
        if (Array.Exists(metrics, metric => metric.Value != metric.Before))
        {
            Utf8JsonWriter json = records.BeginEvent("recovery:metrics_updated", now, Group);
            json.WriteNumber("path_id", current.Id);
            foreach ((string name, decimal value, decimal before) in metrics)
            {
                if (value != before)
                {
                    json.WriteNumber(name, value);
                }
            }

            records.EndEvent();
            _written = current;
        }
    }

    /// <summary>RFC 9002 §7.3 for controllers with a threshold; BBR has phases of its own.</summary>
    private string StateOf(in PathStatistics current, bool hasLost) => path.Congestion.Controller switch
    {
        Bbr bbr => JsonNamingPolicy.SnakeCaseLower.ConvertName(bbr.State.Phase.ToString()),
        _ when hasLost => "recovery",
        _ when current.CongestionWindow < current.SlowStartThreshold => "slow_start",
        _ => "congestion_avoidance",
    };
}
