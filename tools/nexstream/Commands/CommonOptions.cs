using System.CommandLine;
using System.CommandLine.Parsing;
using NexStream.Tool.Transfer;

namespace NexStream.Tool.Commands;

/// <summary>Options that commands share, and how their values are read.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print the result as JSON, and nothing else." };

    public static Option<double> Share(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SHARE",
        CustomParser = result => Parse<double>(result, ShareParser.TryParse, "a share from 0 to 1, as 0.05 or 5%"),
    };

    public static Option<long> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => Parse<long>(result, DurationParser.TryParse, "a duration with its unit, as 5ms, 250us or 1.5s"),
    };

    public static Option<LinkAddress> Address(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "shm:NAME|udp:HOST:PORT",
        Required = true,
        CustomParser = result => Parse<LinkAddress>(
            result,
            LinkAddress.TryParse!,
            "an address: write shm:NAME (1 to 64 letters, digits, dots, underscores and hyphens) or udp:HOST:PORT (an IPv6 address in brackets)"),
    };

    private delegate bool TryParse<T>(string text, out T value);

    private static T? Parse<T>(ArgumentResult result, TryParse<T> tryParse, string expected)
    {
        string text = result.Tokens.Count == 0 ? string.Empty : result.Tokens[0].Value;
        if (tryParse(text, out T value))
        {
            return value;
        }

        result.AddError($"\"{text}\" is not {expected}.");
        return default;
    }
}
