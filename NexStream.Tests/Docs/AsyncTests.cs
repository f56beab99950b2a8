using System.Net;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Docs;

/// <summary>What docs/async.md shows is what compiles and runs, and it names every error.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class AsyncTests
{
    [Test]
    public void Document_ExampleBlock_IsTheCompiledOne()
    {
        string example = Between(Repository.Read("NexStream.Tests/Docs/AsyncExample.cs"), "#region ASYNC\n", "#endregion");
        Assert.That(Between(Repository.Read("docs/async.md"), "```csharp\n", "```"), Is.EqualTo(example));
    }

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

    private static string[] Errors() => Enum.GetNames<NexStreamError>();

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        Assert.That(from, Is.GreaterThanOrEqualTo(start.Length), $"There is no {start.Trim()}.");
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }
}
