using System.Diagnostics;
using System.Xml.Linq;
using NexStream.Tests.Docs;

namespace NexStream.Tests.Wireshark;

/// <summary>tshark with the dissector of this repository.</summary>
internal static class Tshark
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    /// <summary>Skips the test where there is no tshark.</summary>
    public static void Require()
    {
        if (Find("tshark") is null)
        {
            Assert.Ignore("tshark is not installed (apt-get install tshark): without it nobody can run the dissector.");
        }
    }

    /// <summary>Where a program is; null: nowhere.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':')
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Every datagram of a capture, as the dissector reads it.</summary>
    /// <param name="capture">The file.</param>
    /// <param name="port">A port that is NexStream's, although not every datagram looks like it; null: the dissector finds them itself.</param>
    public static IReadOnlyList<DissectedDatagram> Dissect(string capture, int? port = null)
    {
        string script = Path.Combine(Repository.Root, "tools", "wireshark", "nexstream.lua");
        string[] decodeAs = port is null ? [] : ["-d", $"udp.port=={port},nexstream"];
        (int code, string output, string error) = Run("tshark", ["-X", $"lua_script:{script}", "-r", capture, .. decodeAs, "-T", "pdml"]);
        Assert.That(code, Is.Zero, error);
        Assert.That(error, Does.Not.Contain("Lua").And.Not.Contain("lua:"), "the script has an error");
        return [.. XDocument.Parse(output).Root!.Elements("packet").Select(packet => new DissectedDatagram(packet))];
    }

    private static (int Code, string Output, string Error) Run(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        Assert.That(process.WaitForExit(s_limit), Is.True, $"{program} does not end");
        return (process.ExitCode, output.Result, error.Result);
    }
}
