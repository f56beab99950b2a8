using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NexStream.Connections;
using NexStream.Tests.Hosting;
using NexStream.Tool.Impairment;

namespace NexStream.Tests.Web;

/// <summary>A Kestrel application and an HttpClient, neither of which knows of NexStream, with an imitated network between them.</summary>
internal sealed class WebPair : IAsyncDisposable
{
    private readonly HostPair _pair;
    private readonly WebApplication _application;
    private readonly NexStreamConnectionFactory _factory;

    private WebPair(HostPair pair, WebApplication application)
    {
        _pair = pair;
        _application = application;
        _factory = new NexStreamConnectionFactory(pair.Client);
        Handler = new SocketsHttpHandler { ConnectCallback = _factory.ConnectCallback(new NexStreamEndPoint(pair.Server.Node)) };
        Client = new HttpClient(Handler, disposeHandler: false) { BaseAddress = new Uri("http://nexstream.test") };
    }

    public SocketsHttpHandler Handler { get; }

    public HttpClient Client { get; }

    /// <summary>A request for /wait has come, and is answered only when it is aborted.</summary>
    public required Task WaitBegun { get; init; }

    /// <summary>Its client has gone.</summary>
    public required Task WaitAborted { get; init; }

    public long PacketsLost => _pair.Lost;

    public static async Task<WebPair> StartAsync(HttpProtocols protocols, double loss)
    {
        HostPair pair = new(impairment: new ImpairmentSettings(Loss: loss));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IConnectionListenerFactory>(new NexStreamConnectionListenerFactory(_ => (pair.Server, false)));
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        WebApplication application = builder.Build();
        application.MapPost("/echo/{number:int}", async (int number, HttpContext context) =>
        {
            context.Response.Headers["number"] = number.ToString(System.Globalization.CultureInfo.InvariantCulture);

            // Whole before the answer: HttpClient reads none of that before it has sent all of a body like this.
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
        });
        application.MapGrpcService<SumService>();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        application.MapGet("/wait", async (HttpContext context) =>
        {
            context.RequestAborted.UnsafeRegister(_ => aborted.TrySetResult(), null);
            begun.TrySetResult();
            await aborted.Task;
        });
        await application.StartAsync();
        return new WebPair(pair, application) { WaitBegun = begun.Task, WaitAborted = aborted.Task };
    }

    public GrpcChannel OpenChannel() => GrpcChannel.ForAddress(Client.BaseAddress!, new GrpcChannelOptions { HttpHandler = Handler });

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Handler.Dispose();
        await _factory.DisposeAsync();
        await _application.DisposeAsync();
        await _pair.DisposeAsync();
    }
}
