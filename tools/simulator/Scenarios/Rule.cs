namespace NexStream.Simulator.Scenarios;

/// <summary>What the rules of all parts of a scenario share.</summary>
internal static class Rule
{
    /// <summary>Times end here: thirty years fit virtual nanoseconds, and nothing lasts longer.</summary>
    public const double SecondsMax = 1e9;

    /// <summary>A terabit in a second, in millions of bits: beyond it a frame takes less than the nanosecond that virtual time counts in.</summary>
    public const double RateMax = 1e6;

    /// <summary>Whether a value is a time; what is not a number is none.</summary>
    public static bool IsTime(double seconds) => seconds is >= 0 and <= SecondsMax;

    /// <summary>Whether a value is a share of everything, or not given.</summary>
    public static bool IsShare(double? value) => value is null or (>= 0 and <= 1);

    /// <summary>Says which key is wrong, and what would be right.</summary>
    /// <exception cref="ScenarioException">The rule does not hold.</exception>
    public static void Require(bool holds, string key, string rule)
    {
        if (!holds)
        {
            throw new ScenarioException($"The scenario's {key} is out of range: it {rule}. See docs/scenarios.md.");
        }
    }
}
