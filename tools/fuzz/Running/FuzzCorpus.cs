using System.Globalization;

namespace NexStream.Tools.Fuzz.Running;

/// <summary>Inputs that are worth changing: those of a directory, and those that reached something new. There is a bound to both.</summary>
internal sealed class FuzzCorpus(string? directory, int inputMax)
{
    /// <summary>More are not kept: what is new becomes rare long before.</summary>
    public const int InputsMax = 4096;

    private readonly List<byte[]> _inputs = [];

    public int Count => _inputs.Count;

    public ReadOnlySpan<byte> this[int index] => _inputs[index];

    /// <summary>Reads the directory, in the order of the names, so that a run can be repeated.</summary>
    public void Load()
    {
        if (directory is null || !Directory.Exists(directory))
        {
            return;
        }

        foreach (string path in Directory.GetFiles(directory).Order(StringComparer.Ordinal).Take(InputsMax))
        {
            byte[] input = File.ReadAllBytes(path);
            _inputs.Add(input.Length > inputMax ? input[..inputMax] : input);
        }
    }

    /// <summary>Keeps an input, also in the directory where there is one.</summary>
    public void Add(ReadOnlySpan<byte> input)
    {
        if (_inputs.Count >= InputsMax)
        {
            return;
        }

        _inputs.Add(input.ToArray());
        if (directory is not null)
        {
            Directory.CreateDirectory(directory);
            File.WriteAllBytes(Path.Combine(directory, Name(input)), input);
        }
    }

    /// <summary>A name that depends on the bytes alone (FNV-1a, 64 bits): an input is kept once.</summary>
    private static string Name(ReadOnlySpan<byte> input)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in input)
        {
            hash = unchecked((hash ^ b) * 1099511628211);
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
