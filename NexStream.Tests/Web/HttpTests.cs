using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NexStream.Tests.Web;

/// <summary>What people run speaks over NexStream, at 1 % loss each way.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(300_000)]
internal sealed class HttpTests
{
    private const double Loss = 0.01;

    [Test]
    public async Task Http1_RequestsOneByOneAndAtOnce_AreAllAnswered()
    {
        await using WebPair web = await WebPair.StartAsync(HttpProtocols.Http1, Loss);
        await RequestAsync(web, HttpVersion.Version11, 500, concurrent: 8);
    }

    [Test]
    public async Task Http1_ClientThatGoesAway_AbortsItsRequest()
    {
        await using WebPair web = await WebPair.StartAsync(HttpProtocols.Http1, Loss);
        using CancellationTokenSource leaving = new();
        Task<string> request = web.Client.GetStringAsync(new Uri("/wait", UriKind.Relative), leaving.Token);
        await web.WaitBegun;
        await leaving.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => request);
        await web.WaitAborted.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Test]
    [Category("Slow")]
    public async Task Http2_TenThousandRequests_AreAllAnswered()
    {
        await using WebPair web = await WebPair.StartAsync(HttpProtocols.Http2, Loss);
        await RequestAsync(web, HttpVersion.Version20, 10_000, concurrent: 32);
        Assert.That(web.PacketsLost, Is.GreaterThan(50), "The network has to have lost something.");
    }

    [Test]
    public async Task Http2_LargeBody_ComesBackWhole()
    {
        await using WebPair web = await WebPair.StartAsync(HttpProtocols.Http2, Loss);
        byte[] body = Body(4_000_000, 1);
        Assert.That((await PostAsync(web, HttpVersion.Version20, 1, body)).AsSpan().SequenceEqual(body), Is.True);
    }

    [Test]
    public async Task Grpc_UnaryCalls_AreRight()
    {
        await using WebPair web = await WebPair.StartAsync(HttpProtocols.Http2, Loss);
        using Grpc.Net.Client.GrpcChannel channel = web.OpenChannel();
        CallInvoker invoker = channel.CreateCallInvoker();
        for (long i = 0; i < 200; i++)
        {
            Assert.That(await invoker.AsyncUnaryCall(SumContract.Double, null, default, new Number(i)), Is.EqualTo(new Number(2 * i)));
        }
    }

    [Test]
    public async Task Grpc_BidirectionalStream_AnswersEveryMessage()
    {
        await using WebPair web = await WebPair.StartAsync(HttpProtocols.Http2, Loss);
        using Grpc.Net.Client.GrpcChannel channel = web.OpenChannel();
        using AsyncDuplexStreamingCall<Number, Number> call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(SumContract.Running, null, default);
        Task writing = Task.Run(async () =>
        {
            for (long i = 1; i <= 5000; i++)
            {
                await call.RequestStream.WriteAsync(new Number(i));
            }

            await call.RequestStream.CompleteAsync();
        });
        long count = 0;
        await foreach (Number sum in call.ResponseStream.ReadAllAsync())
        {
            count++;
            Assert.That(sum.Value, Is.EqualTo(count * (count + 1) / 2));
        }

        await writing;
        Assert.That(count, Is.EqualTo(5000));
    }

    private static async Task RequestAsync(WebPair web, Version version, int count, int concurrent) =>
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = concurrent }, async (number, _) =>
        {
            byte[] body = Body(number % 3000, number);
            Assert.That((await PostAsync(web, version, number, body)).AsSpan().SequenceEqual(body), Is.True);
        });

    private static async Task<byte[]> PostAsync(WebPair web, Version version, int number, byte[] body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"/echo/{number}") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body) };
        using HttpResponseMessage response = await web.Client.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Version, Is.EqualTo(version));
        Assert.That(response.Headers.GetValues("number").Single(), Is.EqualTo($"{number}"));
        return await response.Content.ReadAsByteArrayAsync();
    }

    private static byte[] Body(int length, int seed)
    {
        byte[] body = new byte[length];
        new Random(seed).NextBytes(body);
        return body;
    }
}
