namespace NexStream.Evidence.Requirements;

/// <summary>A program that commands use, and what makes it: done once, before the first command that names it.</summary>
/// <param name="Name">What stands in commands.</param>
/// <param name="Command">What makes it.</param>
internal sealed record Preparation(string Name, string Command)
{
    /// <summary>The publish goes to directories of its own: the lock files are for building without a runtime identifier.</summary>
    private const string Ahead =
        "dotnet publish tools/nexstream -c Release --use-current-runtime -p:RestoreLockedMode=false -p:RestorePackagesWithLockFile=false " +
        "-p:NuGetLockFilePath=artifacts/aot.lock.json -p:CppCompilerAndLinker=gcc -o artifacts/aot";

    private const string Isal = "dotnet run -c Release --project tools/peers -- --quick --only \"ISA-L encode, 10 sources and 2 parities of 1200 B\"";

    public static IReadOnlyList<Preparation> All { get; } =
    [
        new("artifacts/aot/nexstream", Ahead),
        new("artifacts/swarm/nexstream", "dotnet build tools/nexstream -c Release -p:CheckInvariants=true -o artifacts/swarm"),
        new("tools/peers/bin/Release/net10.0/native/isal", Isal),
        new("nexstream", "dotnet build tools/nexstream -c Release && PATH=$PWD/tools/nexstream/bin/Release/net10.0:$PATH"),
    ];
}
