using System.Text.Json;

namespace NexStream.Peers.Results;

/// <summary>What one run measured. A key that does not apply to it is absent.</summary>
internal sealed record PeerResult(double? GoodputGbps, double? NsPerPacket, double? AcksPerData, double? P50Us, double? P99Us)
{
    private const double NsPerUs = 1000;

    /// <summary>Reads the line that a program printed.</summary>
    /// <param name="line">One JSON object.</param>
    /// <returns>The result, or null where the line is no JSON object or has none of the figures.</returns>
    public static PeerResult? Parse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            // Our own command counts frames where the peers count packets, and nanoseconds where they count microseconds.
            var result = new PeerResult(
                Number(root, "goodput_gbps"),
                Number(root, "ns_per_packet") ?? Number(root, "ns_per_data_frame"),
                Number(root, "acks_per_data"),
                Number(root, "p50_us") ?? Number(root, "p50_ns") / NsPerUs,
                Number(root, "p99_us") ?? Number(root, "p99_ns") / NsPerUs);
            return result.GoodputGbps is null && result.NsPerPacket is null && result.P50Us is null ? null : result;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Finds the result in everything that a program printed: its last line that is one.</summary>
    public static PeerResult? Find(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Reverse().Select(Parse).FirstOrDefault(result => result is not null);

    private static double? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
