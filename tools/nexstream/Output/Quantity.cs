using System.Globalization;

namespace NexStream.Tool.Output;

/// <summary>Numbers for people.</summary>
internal static class Quantity
{
    /// <summary>A flow without congestion control has a window without an end: from here on, in bytes, it is none.</summary>
    public const double WindowMax = 1e15;

    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Bytes with a binary unit.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        for (; bytes >= 1024 && unit < s_units.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes:F0} {s_units[unit]}")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes:F1} {s_units[unit]}");
    }

    /// <summary>A congestion window in bytes; a line where there is none.</summary>
    public static string Window(long bytes) => bytes < WindowMax ? Bytes(bytes) : "-";

    /// <summary>10^6 bits per second, or 10^9.</summary>
    public static string Rate(double mbps) => mbps >= 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{mbps / 1000:F2} Gbit/s")
        : string.Create(CultureInfo.InvariantCulture, $"{mbps:F1} Mbit/s");

    /// <summary>Microseconds, or milliseconds.</summary>
    public static string Microseconds(double us) => us >= 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{us / 1000:F2} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{us:F1} µs");
}
