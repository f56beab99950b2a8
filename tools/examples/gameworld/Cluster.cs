using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NexStream.Orleans;
using Orleans.Configuration;

namespace NexStream.Examples.GameWorld;

/// <summary>An Orleans silo and an Orleans client as everybody configures them, but for one line each.</summary>
public static class Cluster
{
    /// <summary>Orleans asks a silo that often whether it lives, and calls it dead when three questions went unanswered. By default these are 5 s.</summary>
    private static readonly TimeSpan s_probeTimeout = TimeSpan.FromSeconds(1);

    /// <summary>What a call may take: one to a silo that has just died fails then at the latest. By default these are 30 s.</summary>
    private static readonly TimeSpan s_responseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A silo on this machine that is not started yet.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="silo">The port for other silos.</param>
    /// <param name="gateway">The port for clients.</param>
    /// <param name="primary">The first silo's port: it keeps the list of members.</param>
    /// <param name="isTcp">Leaves out the one line, so that Orleans uses TCP.</param>
    public static IHost BuildSilo(string name, int silo, int gateway, int primary, bool isTcp)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging(logging => logging.AddFilter("Orleans", LogLevel.Warning));
        builder.UseOrleans(orleans =>
        {
            orleans.UseLocalhostClustering(silo, gateway, new IPEndPoint(IPAddress.Loopback, primary));
            orleans.Configure<SiloOptions>(options => options.SiloName = name);
            orleans.Configure<ClusterMembershipOptions>(options => options.ProbeTimeout = s_probeTimeout);
            orleans.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = s_responseTimeout);
            if (!isTcp)
            {
                orleans.UseNexStream();
            }
        });
        return builder.Build();
    }

    /// <summary>A client that is not started yet.</summary>
    /// <param name="gateways">The ports of the silos' gateways.</param>
    /// <param name="isTcp">Leaves out the one line, so that Orleans uses TCP.</param>
    public static IHost BuildClient(int[] gateways, bool isTcp)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(orleans =>
        {
            orleans.UseLocalhostClustering(gateways);
            orleans.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = s_responseTimeout);
            if (!isTcp)
            {
                orleans.UseNexStream();
            }
        });
        return builder.Build();
    }
}
