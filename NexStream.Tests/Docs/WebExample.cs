using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using NexStream.Connections;

namespace NexStream.Tests.Docs;

/// <summary>What docs/async.md shows of ASP.NET Core and HttpClient.</summary>
internal static class WebExample
{
    public static void Configure(WebApplicationBuilder builder)
    {
        #region SERVER
        builder.Services.AddSingleton<IConnectionListenerFactory>(new NexStreamConnectionListenerFactory());
        #endregion
    }

    public static async Task<string> AskAsync(Uri address)
    {
        #region CLIENT
        await using NexStreamConnectionFactory factory = new();
        using HttpClient http = new(new SocketsHttpHandler { ConnectCallback = factory.ConnectCallback() });
        string answer = await http.GetStringAsync(address);
        #endregion
        return answer;
    }
}
