using System.Globalization;

namespace NexStream.Peers.Running;

/// <summary>What the command line asked for.</summary>
/// <param name="Rounds">Runs of each side.</param>
/// <param name="Seconds">How long a run sends.</param>
/// <param name="Only">Only cases whose name or program contains it, or null.</param>
/// <param name="NexStream">Path of nexstream or nexstream.dll, or null for the one built in the repository.</param>
/// <param name="Output">Path of the table, or null for docs/evidence/peers.md.</param>
/// <param name="Quick">Whether this only shows that everything works.</param>
internal sealed record Settings(int Rounds, double Seconds, string? Only, string? NexStream, string? Output, bool Quick)
{
    public const string Usage =
        "peers [udp] [--quick] [--only NAME] [--rounds N] [--seconds S] [--nexstream PATH] [--output FILE]";

    private const int RoundsDefault = 5;
    private const int RoundsQuick = 2;
    private const double SecondsDefault = 2;
    private const double SecondsQuick = 0.3;

    /// <summary>Reads the command line.</summary>
    /// <returns>The settings, or null where the line makes no sense.</returns>
    public static Settings? Parse(IReadOnlyList<string> arguments)
    {
        bool quick = arguments.Contains("--quick");
        var settings = new Settings(quick ? RoundsQuick : RoundsDefault, quick ? SecondsQuick : SecondsDefault, null, null, null, quick);
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--quick")
            {
                continue;
            }

            if (i + 1 == arguments.Count)
            {
                return null;
            }

            string name = arguments[i++];
            string value = arguments[i];
            Settings? next = name switch
            {
                "--only" => settings with { Only = value },
                "--nexstream" => settings with { NexStream = value },
                "--output" => settings with { Output = value },
                "--rounds" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds > 0 =>
                    settings with { Rounds = rounds },
                "--seconds" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0 =>
                    settings with { Seconds = seconds },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            settings = next;
        }

        return settings;
    }
}
