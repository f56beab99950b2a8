using NexStream.Core.Primitives;

namespace NexStream.Tool.Plotting;

/// <summary>The unit of a panel, and what one of it is.</summary>
internal readonly record struct Scale(string Unit, double One)
{
    private const double BitsPerByte = 8;

    // From here on the next unit has fewer digits and still enough of them.
    private const double KilobytesMax = 10e6;
    private const double MegabitsMax = 10e9 / BitsPerByte;
    private const double KilobitsMax = 2e6 / BitsPerByte;

    /// <summary>Nanoseconds as milliseconds.</summary>
    public static Scale Milliseconds { get; } = new("ms", Instant.Millisecond);

    /// <summary>Bytes, where the largest is so many.</summary>
    public static Scale Bytes(double largest) => largest < KilobytesMax ? new("kB", 1e3) : new("MB", 1e6);

    /// <summary>Bytes per second as bits per second, where the largest is so many.</summary>
    public static Scale Rate(double largest) => largest switch
    {
        < KilobitsMax => new("kbit/s", 1e3 / BitsPerByte),
        < MegabitsMax => new("Mbit/s", 1e6 / BitsPerByte),
        _ => new("Gbit/s", 1e9 / BitsPerByte),
    };
}
