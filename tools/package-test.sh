#!/usr/bin/env bash
# Packs NexStream.Core and NexStream.Driver, and uses them as a stranger does: a project outside of the repository, with a NuGet cache of its own, restores the packages,
# builds and runs a transfer. Then the least that an embedder carries: the core-only sample, compiled ahead of time, with and without what can be left out.
#   tools/package-test.sh [packages only]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
feed=$work/feed
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)

fail() { echo "$1" >&2; exit 1; }

echo "--- pack"
dotnet restore NexStream.sln --locked-mode -v quiet
for project in NexStream.Core NexStream.Driver; do
    dotnet pack "$project" -c Release --no-restore -o "$feed" -v quiet
    [ -f "$feed/$project.$version.nupkg" ] && [ -f "$feed/$project.$version.snupkg" ] || fail "$project has no package, or no symbols."
    contents=$(python3 -m zipfile -l "$feed/$project.$version.nupkg")
    for part in README.md "lib/net10.0/$project.dll" "lib/net10.0/$project.xml"; do
        grep -q "$part" <<<"$contents" || fail "$project.$version.nupkg lacks $part."
    done
    symbols=$(python3 -m zipfile -l "$feed/$project.$version.snupkg")
    grep -q "$project.pdb" <<<"$symbols" || fail "$project.$version.snupkg lacks its symbols."
done
native=no
if command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null; then
    contents=$(python3 -m zipfile -l "$feed/NexStream.Driver.$version.nupkg")
    grep -q 'runtimes/linux-.*/native/libnexlink.so' <<<"$contents" || fail "There is a C compiler, and the package has no native library."
    native=yes
fi

echo "--- consumer"
mkdir "$work/consumer"
cat >"$work/consumer/nuget.config" <<XML
<configuration><packageSources><add key="local" value="$feed" /></packageSources></configuration>
XML
cat >"$work/consumer/consumer.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="NexStream.Driver" Version="$version" /></ItemGroup>
</Project>
XML
cat >"$work/consumer/Program.cs" <<'CS'
using System.Security.Cryptography;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;

LinkLibrary library = LinkLibrary.Load();
using var a = new Node(library, 1);
using var b = new Node(library, 2);
(Link left, Link right) = library.CreateLoop(a.Memory, b.Memory, 256);
a.Driver.AttachLink(left, b.Endpoint.Node);
b.Driver.AttachLink(right, a.Endpoint.Node);
byte[] data = RandomNumberGenerator.GetBytes(1 << 20);
using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
byte[] buffer = new byte[1 << 16];
int sent = 0, received = 0;
a.Endpoint.Connect(b.Endpoint.Node, MonotonicClock.Now, out ConnectionHandle connection);
StreamHandle stream = default;
while (received < data.Length)
{
    a.Turn();
    b.Turn();
    if (stream == default && connection.IsOpen)
    {
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out stream);
    }

    sent += stream == default ? 0 : stream.Send(data.AsSpan(sent, Math.Min(buffer.Length, data.Length - sent))).Bytes;
    while (b.Opened.Receive(buffer) is { Status: CallStatus.Ok } got)
    {
        sum.AppendData(buffer, 0, got.Bytes);
        received += got.Bytes;
    }
}

bool same = sum.GetHashAndReset().AsSpan().SequenceEqual(SHA256.HashData(data));
Console.WriteLine($"{received} bytes over {library.Description}, SHA-256 {(same ? "right" : "WRONG")}, native {(library.IsNative ? "yes" : "no")}");
return same ? 0 : 1;

internal sealed class Node : IDisposable
{
    public Node(LinkLibrary library, ulong number)
    {
        Memory = library.CreateArena(2048, 1024);
        Endpoint = new Endpoint(new EndpointConfig { Node = new NodeId(0, number), Key = RandomNumberGenerator.GetBytes(EndpointConfig.KeySize) }, Memory.CreateFrameArena());
        Driver = new EndpointDriver(Endpoint);
    }

    public LinkArena Memory { get; }

    public Endpoint Endpoint { get; }

    public EndpointDriver Driver { get; }

    public StreamHandle Opened { get; private set; }

    public void Turn()
    {
        Driver.Poll(MonotonicClock.Now);
        while (Endpoint.TryGetEvent(out EndpointEvent item))
        {
            Opened = item.Kind == EventKind.StreamOpened ? item.Stream : Opened;
        }
    }

    public void Dispose()
    {
        Driver.Dispose();
        Memory.Dispose();
    }
}
CS
(
    cd "$work/consumer"
    export NUGET_PACKAGES=$work/cache
    dotnet build -c Release -v quiet -o "$work/out"
    "$work/out/consumer" | tee "$work/said"
)
[ -d "$work/cache/nexstream.driver/$version" ] || fail "The packages did not come from the fresh cache."
grep -q "native $native" "$work/said" || fail "The consumer does not use the link that the package has."
[ "${1:-}" != packages ] || exit 0

echo "--- core only"
rid=$(dotnet --info | awk '/^ RID:/ { print $2; exit }')
compiler=clang
command -v clang >/dev/null || compiler=gcc
# Into directories of their own: nothing is written that a build or a test beside this one reads.
publish() {
    dotnet publish tools/core-only -c Release -r "$rid" -p:RestoreLockedMode=false -p:RestorePackagesWithLockFile=false -p:NuGetLockFilePath="$work/$1.lock.json" \
        -p:CppCompilerAndLinker="$compiler" -p:NexStreamMinimal="$2" -p:RunAnalyzers=false --artifacts-path "$work/build-$1" -v quiet -o "$work/$1"
    "$work/$1/core-only"
    "$work/$1/core-only" features
}
publish full false | tee "$work/full.said"
publish minimal true | tee "$work/minimal.said"
[ "$(grep -c '^there: ' "$work/full.said")" -eq 2 ] || fail "BBR or repairs are missing where nobody left them out."
[ "$(grep -c '^left out: .*feature switch' "$work/minimal.said")" -eq 2 ] || fail "Who asks for what was left out is not told so."
for symbol in Bbr_Bbr__OnAcknowledged ReedSolomon__; do
    # Counted, so that grep reads to the end and nm is not cut off.
    [ "$(nm "$work/full/core-only" | grep -c "$symbol" || true)" -gt 0 ] || fail "$symbol is not in the whole program: look for another name."
    [ "$(nm "$work/minimal/core-only" | grep -c "$symbol" || true)" -eq 0 ] || fail "$symbol is in the program although it was switched off."
done
for kind in full minimal; do
    strip -o "$work/$kind.stripped" "$work/$kind/core-only"
    echo "a minimal embedder, $kind: $(stat -c %s "$work/$kind.stripped") bytes"
done
