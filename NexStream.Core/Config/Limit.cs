namespace NexStream.Core.Config;

/// <summary>Range checks of configured values; the message names the setting, its value and what it may be.</summary>
internal static class Limit
{
    public static void Check(long value, long minimum, long maximum, string name)
    {
        if (value < minimum || value > maximum)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it may be {minimum} to {maximum}.");
        }
    }

    public static void Check(TimeSpan value, TimeSpan minimum, TimeSpan maximum, string name)
    {
        if (value < minimum || value > maximum)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it may be {minimum} to {maximum}.");
        }
    }
}
