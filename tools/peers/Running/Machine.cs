using System.Runtime.InteropServices;

namespace NexStream.Peers.Running;

/// <summary>What the figures were measured on: no name of the machine, no paths.</summary>
internal static class Machine
{
    private const string Info = "/proc/cpuinfo";

    /// <summary>The processor. Virtual machines shorten its name, but not the numbers of its family and model, which tell one generation from another.</summary>
    public static string Processor { get; } = ProcessorIn(File.Exists(Info) ? File.ReadLines(Info) : []);

    public static string Describe() =>
        $"{Processor}, {Environment.ProcessorCount} cores, {RuntimeInformation.ProcessArchitecture}, kernel {Kernel()}, {RuntimeInformation.FrameworkDescription}";

    /// <summary>The processor that /proc/cpuinfo tells of, the first.</summary>
    /// <param name="lines">Its lines.</param>
    public static string ProcessorIn(IEnumerable<string> lines)
    {
        var values = new Dictionary<string, string>();
        foreach (string[] pair in lines.Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2))
        {
            values.TryAdd(pair[0], pair[1]);
        }

        string name = values.GetValueOrDefault("model name", "unknown processor");
        return values.TryGetValue("cpu family", out string? family) && values.TryGetValue("model", out string? model) ? $"{name} {family}/{model}" : name;
    }

    private static string Kernel()
    {
        // The part after the numbers is the distribution's and says nothing about speed.
        const string Release = "/proc/sys/kernel/osrelease";
        return File.Exists(Release) ? File.ReadAllText(Release).Trim().Split('-')[0] : "unknown";
    }
}
