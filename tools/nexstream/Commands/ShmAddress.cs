namespace NexStream.Tool.Commands;

/// <summary>Addresses of the form shm:NAME.</summary>
internal static class ShmAddress
{
    private const string Prefix = "shm:";

    /// <summary>What the link layer allows in a name.</summary>
    private const int NameLengthMax = 64;

    /// <summary>Reads the name of an address. False: it is none.</summary>
    public static bool TryParse(string text, out string name)
    {
        name = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : string.Empty;
        return name.Length is > 0 and <= NameLengthMax && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
    }
}
