using System.Net;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Docs;

/// <summary>What docs/async.md shows runs, and it names every error.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class AsyncTests
{
    [TestCaseSource(nameof(Errors))]
    public void Document_EveryError_IsExplained(string error) => Assert.That(Repository.Read("docs/async.md"), Does.Contain($"| `{error}` |"));

    [Test]
    public async Task Example_Question_ComesBack()
    {
        using CancellationTokenSource stop = new();
        await using NexStreamHost server = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
        Task serving = AsyncEcho.ServeAsync(server, stop.Token);
        byte[] question = new byte[100_000];
        new Random(1).NextBytes(question);
        Assert.That((await AsyncEcho.AskAsync(server.LocalEndPoint!, question)).AsSpan().SequenceEqual(question), Is.True);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await serving);
    }

    [Test]
    public async Task Serve_AtAnAddress_AnswersUntilItIsStopped()
    {
        IPEndPoint here;
        await using (NexStreamHost gone = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            here = gone.LocalEndPoint!;
        }

        using CancellationTokenSource stop = new();
        Task serving = ShortExamples.ServeAsync(here, stop.Token);
        Assert.That(await AsyncEcho.AskAsync(here, [1, 2, 3]), Is.EqualTo(new byte[] { 1, 2, 3 }));
        await stop.CancelAsync();
        await Assert.ThrowsAsync<NexStreamCanceledException>(async () => await serving);
    }

    private static string[] Errors() => Enum.GetNames<NexStreamError>();
}
