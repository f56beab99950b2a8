using System.Globalization;

namespace NexStream.Peers.Cases;

/// <summary>Everything that is compared.</summary>
internal static class CaseList
{
    /// <summary>The Debian package that a native program needs; the others need only the C library.</summary>
    private static readonly Dictionary<string, string> s_packages = new()
    {
        ["enet"] = "libenet-dev",
        ["usrsctp"] = "libusrsctp-dev",
        ["ngtcp2"] = "libngtcp2-dev",
        ["lwip"] = "liblwip-dev",
        ["isal"] = "libisal-dev",
    };

    public static IReadOnlyList<PeerCase> All { get; } =
    [
        Memory("ngtcp2, null encryption, ack every 2, 1400 B", "ngtcp2", 1400, "stream", "--ack-every", "2"),
        Memory("ngtcp2, null encryption, ack every 10, 1400 B", "ngtcp2", 1400, "stream", "--ack-every", "10"),
        Memory("ngtcp2, null encryption, ack every 64, 1400 B", "ngtcp2", 1400, "stream", "--ack-every", "64"),
        Memory("ngtcp2, null encryption, ack every 2, 9000 B", "ngtcp2", 9000, "stream", "--ack-every", "2"),
        Memory("ngtcp2, null encryption, ack every 10, 9000 B", "ngtcp2", 9000, "stream", "--ack-every", "10"),
        Memory("ngtcp2, null encryption, ack every 4, 9000 B", "ngtcp2", 9000, "stream", "--ack-every", "4"),
        Memory("usrsctp, no checksum, ordered, ack every 10, 1400 B", "usrsctp", 1400, "ordered", "--ack-every", "10"),
        Memory("usrsctp, no checksum, ordered, ack every 2, 1400 B", "usrsctp", 1400, "ordered", "--ack-every", "2"),
        Memory("usrsctp, no checksum, unordered, ack every 10, 1400 B", "usrsctp", 1400, "unordered", "--ack-every", "10"),
        Memory("usrsctp, no checksum, ordered, ack every 10, 9000 B", "usrsctp", 9000, "ordered", "--ack-every", "10"),
        Memory("usrsctp, no checksum, unordered, ack every 10, 9000 B", "usrsctp", 9000, "unordered", "--ack-every", "10"),
        Memory("lwIP raw TCP with checksums, 1400 B", "lwip", 1400, "tcp"),
        Cores("TCP, 64 KB writes", "sockets", 65536, 9000, "tcp"),
        Cores("TCP, 1 MB writes", "sockets", 1048576, 9000, "tcp"),
        Cores("UNIX stream, 8 KB writes", "sockets", 8192, 8192, "unix"),
        Cores("UNIX stream, 64 KB writes", "sockets", 65536, 9000, "unix"),
        Cores("UNIX stream, 256 KB writes", "sockets", 262144, 9000, "unix"),
        Cores("UDP sendmmsg, 1200 B, unreliable", "sockets", 1200, 1200, "udp"),
        Cores("UDP sendmmsg, 8 KB, unreliable", "sockets", 8192, 8192, "udp"),
        Cores("ENet reliable, 1200 B", "enet", 1200, 1200, "reliable"),
        Cores("LiteNetLib reliable ordered, 1000 B", PeerCase.LiteNetLib, 1000, 1000, "reliable"),
        Cores("LiteNetLib reliable ordered, 8 KB", PeerCase.LiteNetLib, 8192, 8192, "reliable"),
        Coding("ISA-L encode, 10 sources and 2 parities of 1200 B", 10, 2, 1200),
        Coding("ISA-L encode, 10 sources and 2 parities of 8 KB", 10, 2, 8192),
        Coding("ISA-L encode, 20 sources and 4 parities of 1200 B", 20, 4, 1200),
        Coding("ISA-L encode, 20 sources and 4 parities of 8 KB", 20, 4, 8192),
        RoundTrip("UNIX stream", "sockets", "unix"),
        RoundTrip("UDP", "sockets", "udp"),
        RoundTrip("TCP", "sockets", "tcp"),
        RoundTrip("ENet", "enet", "reliable"),
        RoundTrip("LiteNetLib", PeerCase.LiteNetLib, "reliable"),
    ];

    /// <summary>How to get a program that was not built.</summary>
    public static string Remedy(string program) =>
        s_packages.TryGetValue(program, out string? package) ? $"not installed: apt-get install {package}" : "not built";

    // The same promise on both sides: ordered, unordered or best effort. Ours copies on the wire too: the packet of each of these peers is filled, read into the peer's own memory and copied out.
    private static PeerCase Memory(string name, string program, int size, params string[] arguments) =>
        new(CaseGroup.Memory, name, program, [.. arguments, "--size", Text(size), "--touch"],
            Perf(arguments[0] == "unordered" ? "ru" : "ro", "memory", size, "--wire-copy", "--touch"));

    private static PeerCase Cores(string name, string program, int size, int frame, string kind) =>
        new(CaseGroup.Cores, name, program, [kind, "--size", Text(size), "--touch"], Perf(kind == "udp" ? "be" : "ro", "shm", frame, "--touch"));

    private static PeerCase RoundTrip(string name, string program, string kind) =>
        new(CaseGroup.RoundTrip, name, program, [kind, "--size", "64", "--ping"], Perf("ro", "shm", 64, "--ping"));

    private static PeerCase Coding(string name, int sources, int parities, int size) =>
        new(CaseGroup.Coding, name, "isal", [$"{Text(sources)},{Text(parities)}", "--size", Text(size)],
            ["perf", "--json", "--coding", "--mode", "pr", "--fec-group", Text(sources), "--fec-repairs", Text(parities), "--frame", Text(size)]);

    private static string[] Perf(string mode, string link, int frame, params string[] more) =>
        ["perf", "--json", "--mode", mode, "--streams", "1", "--link", link, "--frame", Text(frame), .. more];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
