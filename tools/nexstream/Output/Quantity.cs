using System.Globalization;

namespace NexStream.Tool.Output;

/// <summary>Numbers for people.</summary>
internal static class Quantity
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Bytes with a binary unit.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        for (; bytes >= 1024 && unit < s_units.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, unit == 0 ? $"{bytes:F0} {s_units[unit]}" : $"{bytes:F1} {s_units[unit]}");
    }

    /// <summary>10^6 bits per second, or 10^9.</summary>
    public static string Rate(double mbps) =>
        string.Create(CultureInfo.InvariantCulture, mbps >= 1000 ? $"{mbps / 1000:F2} Gbit/s" : $"{mbps:F1} Mbit/s");

    /// <summary>Microseconds, or milliseconds.</summary>
    public static string Microseconds(double us) =>
        string.Create(CultureInfo.InvariantCulture, us >= 1000 ? $"{us / 1000:F2} ms" : $"{us:F1} µs");
}
