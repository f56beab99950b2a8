using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;
using NexStream.Tool.Commands;
using NexStream.Tool.Output;
using NexStream.Tool.Transfer;

namespace NexStream.Tests.Tools;

/// <summary>nexstream send and receive over udp, both in this process. tools/udp-namespaces.sh has them between namespaces.</summary>
[TestFixture, NonParallelizable]
public sealed class UdpTransferTests
{
    private string _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("nexstream-udp-").FullName;

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void Files_InEveryMode_ArriveAsTheyAre([Values] TransportMode mode, [Values("127.0.0.1", "[::1]")] string host)
    {
        string[] files = [Write("empty", 0), Write("small", 1), Write("blocks", 4 * BlockPlan.BlockSize), Write("large", 3_000_001)];
        List<FileReport> received = [];
        SendOutcome sent = Transfer(host, files, new StreamConfig(mode), received);
        Assert.That(sent.Files.Select(file => file.Error), Is.All.Null);
        Assert.That(received.Select(file => file.Error), Is.All.Null);
        foreach (string file in files)
        {
            Assert.That(File.ReadAllBytes(Path.Combine(_directory, "out", Path.GetFileName(file))), Is.EqualTo(File.ReadAllBytes(file)));
        }
    }

    [Test]
    public void File_ThatExists_IsRefusedAndSaysSo()
    {
        string file = Write("taken", 10);
        Directory.CreateDirectory(Path.Combine(_directory, "out"));
        File.WriteAllText(Path.Combine(_directory, "out", "taken"), "kept");
        SendOutcome sent = Transfer("127.0.0.1", [file], new StreamConfig(TransportMode.BestEffort), []);
        Assert.That(sent.Files.Single().Error, Does.Contain("exists"));
        Assert.That(File.ReadAllText(Path.Combine(_directory, "out", "taken")), Is.EqualTo("kept"));
    }

    [Test]
    public void Receive_PortTaken_SaysSo()
    {
        using Socket other = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        (int code, string output) = Cli.Run("receive", "--listen", $"udp:127.0.0.1:{((IPEndPoint)other.LocalEndPoint!).Port}", "--out", _directory, "--json");
        Assert.That(code, Is.EqualTo((int)ExitCode.LinkUnavailable));
        Assert.That(MessageOf(output), Does.Contain("Choose another port"));
    }

    [TestCase("udp:host.invalid:4433", "is not known")]
    [TestCase("udp::4433", "where to listen")]
    public void Send_ToNowhere_SaysWhy(string to, string why)
    {
        (int code, string output) = Cli.Run("send", Write("file", 1), "--to", to, "--json");
        Assert.That(code, Is.EqualTo((int)ExitCode.LinkUnavailable));
        Assert.That(MessageOf(output), Does.Contain(why).And.Contain(to));
    }

    [Test, Category("Slow")]
    public void Send_NobodyAnswers_SaysSo()
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        (int code, string output) = Cli.Run("send", Write("file", 1), "--to", $"udp:127.0.0.1:{((IPEndPoint)silent.LocalEndPoint!).Port}", "--json");
        Assert.That(code, Is.EqualTo((int)ExitCode.LinkUnavailable));
        Assert.That(MessageOf(output), Does.Contain("Nobody took the call").And.Contain(nameof(ReasonCode.HandshakeTimeout)));
    }

    private static string MessageOf(string json) => JsonDocument.Parse(json).RootElement.GetProperty("error").GetProperty("message").GetString()!;

    private static LinkAddress Parse(string text)
    {
        Assert.That(LinkAddress.TryParse(text, out LinkAddress? address), Is.True);
        return address!;
    }

    private SendOutcome Transfer(string host, string[] files, StreamConfig stream, List<FileReport> received)
    {
        string output = Directory.CreateDirectory(Path.Combine(_directory, "out")).FullName;
        using UdpReceiveServer server = new(Parse($"udp:{host}:0"), () => new IncomingFiles(output, force: false, received.Add));
        Thread serving = new(() => server.Run(once: true, NoProgress.Instance, CancellationToken.None));
        serving.Start();
        try
        {
            using SendSession session = new(Parse(server.Address), files, stream);
            return session.Run(NoProgress.Instance, CancellationToken.None);
        }
        finally
        {
            serving.Join();
        }
    }

    private string Write(string name, int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        string path = Path.Combine(_directory, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
