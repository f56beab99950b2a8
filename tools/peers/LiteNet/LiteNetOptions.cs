using System.Globalization;

namespace NexStream.Peers.LiteNet;

/// <summary>The same options as the native peers have.</summary>
internal sealed record LiteNetOptions(int Size, double Seconds, bool Touch, bool Ping)
{
    /// <summary>Reads the command line after the kind.</summary>
    /// <returns>The options, or null where the line makes no sense.</returns>
    public static LiteNetOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new LiteNetOptions(1024, 1, false, false);
        for (int i = 0; i < arguments.Count; i++)
        {
            string value = i + 1 < arguments.Count ? arguments[i + 1] : string.Empty;
            switch (arguments[i])
            {
                case "--touch":
                    options = options with { Touch = true };
                    break;
                case "--ping":
                    options = options with { Ping = true };
                    break;
                case "--size" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size > 0:
                    options = options with { Size = size };
                    i++;
                    break;
                case "--seconds" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0:
                    options = options with { Seconds = seconds };
                    i++;
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
