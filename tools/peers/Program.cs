using System.Globalization;
using NexStream.Peers.Cases;
using NexStream.Peers.LiteNet;
using NexStream.Peers.Results;
using NexStream.Peers.Running;
using NexStream.Peers.Udp;

if (args is [PeerCase.LiteNetLib, ..])
{
    return LiteNetPeer.Run(args[1..]);
}

// peers udp [options]: ours over UDP beside iperf3 and LiteNetLib.
bool isUdp = args is [UdpComparison.Name, ..];
Settings? settings = Settings.Parse(isUdp ? args[1..] : args);
if (settings is null)
{
    Console.Error.WriteLine(Settings.Usage);
    return 2;
}

string? root = Environment.CurrentDirectory;
while (root is not null && !File.Exists(Path.Combine(root, "NexStream.sln")))
{
    root = Path.GetDirectoryName(root);
}

if (root is null)
{
    Console.Error.WriteLine("Run this inside the repository: the native peers are built from its sources.");
    return 2;
}

if (isUdp)
{
    if (Ours.Find(root, settings.NexStream) is not { } nexstream)
    {
        Console.Error.WriteLine("nexstream is not built: dotnet build -c Release tools/nexstream");
        return 1;
    }

    string table = settings.Output ?? Path.Combine(root, "docs", "evidence", "udp.md");
    return new UdpComparison(nexstream, settings, Console.Error).Run(settings.Quick && settings.Output is null ? Console.Out : File.CreateText(table));
}

(NativePeers? native, string? problem) = NativePeers.Build(Path.Combine(root, "tools", "peers", "native"), Path.Combine(AppContext.BaseDirectory, "native"));
if (native is null)
{
    Console.Error.WriteLine(problem);
    return 1;
}

var runner = new CaseRunner(native, Ours.Find(root, settings.NexStream), settings, Console.Error);
CaseOutcome[] outcomes =
[
    .. from row in CaseList.All
       where settings.Only is null || $"{row.Program} {row.Name}".Contains(settings.Only, StringComparison.OrdinalIgnoreCase)
       select runner.Run(row),
];
if (outcomes.Length == 0)
{
    Console.Error.WriteLine($"No case has '{settings.Only}' in its name.");
    return 2;
}

// Evidence is a whole and long run; anything less is only shown.
string? path = settings.Output ?? (settings.Quick || settings.Only is not null ? null : Path.Combine(root, "docs", "evidence", "peers.md"));
string how = string.Create(CultureInfo.InvariantCulture, $"{settings.Rounds} rounds of {settings.Seconds} s a side.");
using (TextWriter? file = path is null ? null : File.CreateText(path))
{
    PeerTable.Write(file ?? Console.Out, Machine.Describe(), how, outcomes);
}

return 0;
