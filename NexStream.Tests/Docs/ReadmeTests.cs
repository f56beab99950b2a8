using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tests.Docs;

/// <summary>What README.md shows is what compiles and runs.</summary>
[TestFixture]
internal sealed class ReadmeTests
{
    private static readonly NodeId s_client = new(0xC, 1);
    private static readonly NodeId s_server = new(0x5, 2);

    /// <summary>Where each command of README.md is run: a text of .ci/run. Its part "README" takes the quick start from README.md itself.</summary>
    private static readonly Dictionary<string, string[]> s_runs = new()
    {
        ["dotnet run -c Release --project tools/nexstream -- demo"] = ["readme_commands() { awk '/^```sh$/", "readme_commands >", "part \"README\" readme\n"],
        ["dotnet test -c Release"] = ["readme_commands() { awk '/^```sh$/", "readme_commands >", "part \"README\" readme\n"],
        ["dotnet pack NexStream.Core"] = ["tools/package-test.sh", "part \"packages\" packages\n"],
        ["dotnet pack NexStream.Driver"] = ["tools/package-test.sh", "part \"packages\" packages\n"],
        ["tools/package-test.sh"] = ["tools/package-test.sh", "part \"packages\" packages\n"],
        ["bash .ci/run"] = ["Works on a bare clone: bash .ci/run"],
    };

    private static IEnumerable<DocumentCommand> Commands => DocumentCommand.All.Where(command => command.Document == "README.md");

    [Test]
    public void Readme_QuickStart_HasExactlyTwoCommands() =>
        Assert.That(
            DocumentBlock.All.First(block => block is { Document: "README.md", Language: "sh" }).Text,
            Is.EqualTo("dotnet run -c Release --project tools/nexstream -- demo\ndotnet test -c Release\n"));

    [TestCaseSource(nameof(Commands))]
    public void Readme_EveryCommand_IsRun(DocumentCommand command)
    {
        Assert.That(s_runs, Does.ContainKey(command.Text), "a command of README.md that nothing runs");
        string ci = Repository.Read(".ci/run");
        Assert.That(s_runs[command.Text].Where(text => !ci.Contains(text, StringComparison.Ordinal)), Is.Empty, "not in .ci/run any more");
    }

    [Test]
    public void Readme_OptionsOfTheDemo_AreRun()
    {
        string[] options = [.. Repository.Read("README.md").Split('`').Where((_, index) => index % 2 == 1).Where(code => code.StartsWith("--", StringComparison.Ordinal)).Select(code => code.Replace('\n', ' '))];
        Assert.That(options, Has.Length.GreaterThanOrEqualTo(2));
        string demo = Repository.Read(".ci/run").Split('\n').Single(line => line.Contains("-- demo --json --loss", StringComparison.Ordinal));
        Assert.That(options.Where(option => !demo.Contains(option, StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void EchoLoop_MessageSent_ComesBack()
    {
        var toServer = new Queue<(LinkHeader, byte[])>();
        var toClient = new Queue<(LinkHeader, byte[])>();
        var server = new EchoLoop(Config(s_server), () => toServer.TryDequeue(out var frame) ? frame : null, (header, packet) => toClient.Enqueue((header, packet)));
        var client = new Endpoint(Config(s_client), new Core.Buffers.FrameArena(2048, 256));
        var now = new Instant(Instant.Second);
        client.Connect(s_server, now, out ConnectionHandle connection);
        StreamHandle stream = default;
        byte[] answer = new byte[16];
        ReceiveResult got = default;
        var transmission = new Transmission();
        for (int tick = 0; tick < 20 && got.Bytes == 0; tick++, now += 16 * Instant.Millisecond)
        {
            while (toClient.TryDequeue(out (LinkHeader Header, byte[] Packet) frame))
            {
                client.Receive(new LinkFrame(frame.Header, frame.Packet), now);
            }

            if (connection.IsOpen && stream == default)
            {
                connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out stream);
                stream.Send("hello"u8);
            }

            got = stream == default ? default : stream.Receive(answer);
            while (client.TryTransmit(now, transmission))
            {
                byte[] packet = [.. transmission.Head, .. transmission.Slices.ToArray().SelectMany(s => client.Arena.Bytes(s.Index, s.Offset, s.Length).ToArray())];
                toServer.Enqueue((transmission.Header, packet));
            }

            server.Tick(now);
        }

        Assert.That(answer.AsSpan(0, got.Bytes).ToArray(), Is.EqualTo("hello"u8.ToArray()));
    }

    private static EndpointConfig Config(NodeId node) => new() { Node = node, Key = new byte[EndpointConfig.KeySize] };
}
