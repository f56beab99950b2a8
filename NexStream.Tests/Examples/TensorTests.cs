using System.Diagnostics;
using System.Globalization;
using System.Net;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;
using NexStream.Driver.Links;
using NexStream.Examples.Tensors;
using NexStream.Tests.Hosting;
using NexStream.Tool.Impairment;

namespace NexStream.Tests.Examples;

/// <summary>The tensors example: whole, interrupted, in two processes.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(120_000)]
internal sealed class TensorTests
{
    private DirectoryInfo _folder = null!;
    private string _source = null!;
    private string _copy = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("nexstream-tensors");
        _source = Path.Combine(_folder.FullName, "model.safetensors");
        _copy = Path.Combine(_folder.FullName, "copy.safetensors");
    }

    [TearDown]
    public void DeleteFolder() => _folder.Delete(recursive: true);

    [Test]
    public async Task Fetch_OverALossyNetwork_IsByteEqualAndReportsEachTensor()
    {
        SampleModel.Write(_source, seed: 1);
        using TensorServer server = new(_source);
        await using HostPair pair = new(impairment: new ImpairmentSettings(Loss: 0.01));
        TensorProgressList progress = new();
        long asked = await new TensorClient(await ConnectAsync(pair, server), progress).FetchAsync(_copy);
        AssertIsCopy();
        long length = server.Index.Header.FileLength - server.Index.Header.Bytes.Length;
        Assert.That(asked, Is.EqualTo(length).And.EqualTo(server.Asked));
        Assert.That(progress.Written, Is.EqualTo(length));
        Assert.That(progress.Items.Where(item => item.IsChecked).Select(item => item.Tensor.Name), Is.EquivalentTo(server.Index.Header.Tensors.Select(tensor => tensor.Name)));
        Assert.That(_folder.GetFiles().Select(file => file.Name), Is.EquivalentTo(new[] { "model.safetensors", "copy.safetensors" }));
    }

    [Test]
    public async Task Fetch_NoTensorsOrEmptyOnes_IsByteEqual([Values("{}", "{\"a\":{\"dtype\":\"BF16\",\"shape\":[0],\"data_offsets\":[0,0]}}")] string json)
    {
        File.WriteAllBytes(_source, SafetensorsFiles.Make(json, 0));
        using TensorServer server = new(_source);
        await using HostPair pair = new();
        Assert.That(await new TensorClient(await ConnectAsync(pair, server), new TensorProgressList()).FetchAsync(_copy), Is.Zero);
        AssertIsCopy();
    }

    [Test]
    public async Task Fetch_AfterOneThatWasCancelled_AsksForTheRestOnly()
    {
        SampleModel.Write(_source, seed: 1);
        using TensorServer server = new(_source);
        await using HostPair pair = new();
        NexStreamConnection connection = await ConnectAsync(pair, server);
        long kept = await FetchPartAsync(connection);
        Assert.That(File.Exists(_copy), Is.False);
        TensorProgressList progress = new();
        long asked = await new TensorClient(connection, progress).FetchAsync(_copy);
        AssertIsCopy();
        long length = progress.Items[0].Length;
        Assert.That(kept, Is.InRange(length / 4, length - 1));
        Assert.That(asked, Is.EqualTo(length - kept));
        Assert.That(progress.Items.Min(item => item.Written), Is.GreaterThanOrEqualTo(kept), "Progress counts what there was.");
    }

    [Test]
    public async Task Fetch_AfterTheHostWasDisposedOf_GoesOnOverANewConnection()
    {
        SampleModel.Write(_source, seed: 1);
        using TensorServer server = new(_source);
        TensorProgressList progress = null!;
        await using (HostPair first = new(options: new NexStreamHostOptions { CloseTimeout = TimeSpan.Zero }))
        {
            NexStreamConnection connection = await ConnectAsync(first, server);
            progress = new TensorProgressList(item =>
            {
                if (item.Written > item.Length / 4)
                {
                    connection.Abort();
                }
            });
            await Assert.ThrowsAsync<NexStreamException>(async () => await new TensorClient(connection, progress).FetchAsync(_copy));
        }

        await using HostPair second = new();
        long asked = await new TensorClient(await ConnectAsync(second, server), new TensorProgressList()).FetchAsync(_copy);
        AssertIsCopy();
        Assert.That(asked, Is.EqualTo(progress.Items[0].Length - progress.Written));
    }

    [Test]
    public async Task Fetch_WhenTheServerHasAnotherFile_BeginsAnew()
    {
        SampleModel.Write(_source, seed: 1);
        await using HostPair pair = new();
        using (TensorServer server = new(_source))
        {
            await FetchPartAsync(await ConnectAsync(pair, server));
        }

        SampleModel.Write(_source, seed: 2);
        await using HostPair next = new();
        using TensorServer other = new(_source);
        long asked = await new TensorClient(await ConnectAsync(next, other), new TensorProgressList()).FetchAsync(_copy);
        AssertIsCopy();
        Assert.That(asked, Is.EqualTo(other.Index.Header.FileLength - other.Index.Header.Bytes.Length));
    }

    [TestCase("\n8", TestName = "Fetch_JournalThatWasCutOff_GoesOn")]
    [TestCase("\n99 1\n-1 1\n0 9999999999999\n0 -1\nx y\n1 2 3\n", TestName = "Fetch_JournalWithNonsense_GoesOn")]
    public async Task Fetch_JournalThatIsNotAsItWas_GoesOn(string added)
    {
        SampleModel.Write(_source, seed: 1);
        using TensorServer server = new(_source);
        await using HostPair pair = new();
        NexStreamConnection connection = await ConnectAsync(pair, server);
        long kept = await FetchPartAsync(connection);
        await File.AppendAllTextAsync($"{_copy}.journal", added);
        TensorProgressList progress = new();
        Assert.That(await new TensorClient(connection, progress).FetchAsync(_copy), Is.EqualTo(progress.Items[0].Length - kept));
        AssertIsCopy();
    }

    [Test]
    public async Task Fetch_PartThatLostWhatTheJournalPromises_FetchesThatAgain()
    {
        SampleModel.Write(_source, seed: 1);
        using TensorServer server = new(_source);
        await using HostPair pair = new();
        NexStreamConnection connection = await ConnectAsync(pair, server);
        await FetchPartAsync(connection);

        // As after a loss of power: a file system may keep a file's length and lose its contents.
        await File.WriteAllBytesAsync($"{_copy}.part", new byte[new FileInfo($"{_copy}.part").Length]);
        await new TensorClient(connection, new TensorProgressList()).FetchAsync(_copy);
        AssertIsCopy();
    }

    [Test]
    public async Task Fetch_OfAFileThatChangedBehindTheServer_SaysWhichTensor()
    {
        SampleModel.Write(_source, seed: 1);
        using TensorServer server = new(_source);
        await using (FileStream file = new(_source, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Seek(-1, SeekOrigin.End);
            int last = file.ReadByte();
            file.Seek(-1, SeekOrigin.End);
            file.WriteByte((byte)(last ^ 0xFF));
        }

        await using HostPair pair = new();
        NexStreamConnection connection = await ConnectAsync(pair, server);
        InvalidDataException? failure = await Assert.ThrowsAsync<InvalidDataException>(async () => await new TensorClient(connection, new TensorProgressList()).FetchAsync(_copy));
        Assert.That(failure!.Message, Does.Contain("v_proj.weight").And.Contain("SHA-256"));
        Assert.That(File.Exists(_copy), Is.False);
    }

    [TestCase(9, 0)]
    [TestCase(-2, 0)]
    [TestCase(0, -1)]
    [TestCase(0, 1025)]
    public async Task Serve_RequestForWhatThereIsNot_IsRefused(int number, long position)
    {
        SampleModel.Write(_source, seed: 1);
        using TensorServer server = new(_source);
        await using HostPair pair = new();
        NexStreamStream stream = await (await ConnectAsync(pair, server)).OpenStreamAsync(TransportMode.ReliableOrdered);
        await stream.SendAsync(new TensorRequest(number, position).ToBytes());
        await stream.FinishAsync();
        NexStreamException? failure = await Assert.ThrowsAsync<NexStreamException>(async () => await stream.ReceiveAsync(new byte[1]));
        Assert.That(failure!.Error, Is.EqualTo(NexStreamError.StreamReset));
        Assert.That(failure.Reason, Is.EqualTo(TensorServer.NotThere));
    }

    [Test]
    public async Task Program_Alone_ShowsAFetchThatGoesOn()
    {
        string output = await ExampleProgram.RunAsync("tensors");
        Assert.That(output, Does.Contain("stopped half-way").And.Contain("100 %").And.Contain("the files are equal"));
    }

    [Test]
    public async Task Program_InTwoProcesses_FetchesOverUdp()
    {
        await ExampleProgram.RunAsync("tensors", "make", _source, "7");
        using Process server = ExampleProgram.Start("tensors", "serve", _source);
        try
        {
            string output = await ExampleProgram.RunAsync("tensors", "fetch", await AddressAsync(server), _copy);
            Assert.That(output, Does.Contain("100 %"));
            AssertIsCopy();
        }
        finally
        {
            server.Kill();
        }
    }

    [Test]
    public async Task Program_KilledWhileItFetches_GoesOnWithTheRest()
    {
        const int Count = 400;
        const int Length = 5000;
        const int Seen = 100;

        // A line for each tensor: far more than a pipe takes, so that a program whose output nobody reads stops in the middle.
        await File.WriteAllBytesAsync(_source, SafetensorsFiles.MakeMany(Count, Length, new string('x', 1000)));
        using TensorServer server = new(_source);

        // The connection of the one that is killed does not close.
        UdpHostOptions options = new() { Udp = new UdpOptions { Local = new IPEndPoint(IPAddress.Loopback, 0) } };
        await using NexStreamHost host = NexStreamHost.OpenUdp(options, new NexStreamHostOptions { CloseTimeout = TimeSpan.Zero });
        _ = server.ServeAsync(host);
        string address = host.LocalEndPoint!.ToString();
        using (Process first = ExampleProgram.Start("tensors", "fetch", address, _copy))
        {
            for (int i = 0; i < Seen; i++)
            {
                Assert.That(await first.StandardOutput.ReadLineAsync(), Does.Contain("xxx"));
            }

            first.Kill();
            await first.WaitForExitAsync();
        }

        Assert.That(File.Exists(_copy), Is.False);
        string output = await ExampleProgram.RunAsync("tensors", "fetch", address, _copy);
        AssertIsCopy();
        string[] words = output.TrimEnd().Split('\n')[^1].Split(' ');
        long asked = long.Parse(words[^4], CultureInfo.InvariantCulture);
        Assert.That(asked, Is.InRange(1, (Count - Seen) * Length));
    }

    [TestCase("serve", "/no such file", "no such file")]
    [TestCase("fetch", "not an address", "\"not an address\" is no address")]
    [TestCase("frobnicate", "x", "tensors fetch IP:PORT FILE")]
    public async Task Program_WrongArguments_SaysSo(string command, string argument, string expected)
    {
        using Process process = ExampleProgram.Start("tensors", command, argument, "127.0.0.1:0");
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Not.Zero);
        Assert.That(errors, Does.Contain(expected).And.Not.Contain("   at "));
    }

    private static async Task<string> AddressAsync(Process server)
    {
        string line = await server.StandardOutput.ReadLineAsync() ?? throw new EndOfStreamException(await server.StandardError.ReadToEndAsync());
        return line[(line.LastIndexOf(' ') + 1)..];
    }

    private static async Task<NexStreamConnection> ConnectAsync(HostPair pair, TensorServer server)
    {
        _ = server.ServeAsync(pair.Server);
        return await pair.Client.ConnectAsync(pair.Server.Node);
    }

    /// <summary>Fetches more than a quarter of the file, and not all. Returns how many bytes.</summary>
    private async Task<long> FetchPartAsync(NexStreamConnection connection)
    {
        using CancellationTokenSource source = new();
        TensorProgressList progress = new(item =>
        {
            if (item.Written > item.Length / 4)
            {
                source.Cancel();
            }
        });
        await Assert.CatchAsync<OperationCanceledException>(async () => await new TensorClient(connection, progress).FetchAsync(_copy, source.Token));
        return progress.Written;
    }

    private void AssertIsCopy() => Assert.That(File.ReadAllBytes(_copy).AsSpan().SequenceEqual(File.ReadAllBytes(_source)), Is.True);
}
