using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NexStream.Connections;
using NexStream.Orleans;

namespace NexStream.Tests.Orleans;

[TestFixture, NonParallelizable]
internal sealed class TransportExtensionsTests
{
    [Test]
    public void Silo_EveryTransport_IsNexStreams()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo => silo.UseLocalhostClustering().UseNexStream());
        using IHost host = builder.Build();
        Assert.That(Transports<IConnectionFactory>(builder, host), Has.Length.EqualTo(1).And.All.InstanceOf<NexStreamConnectionFactory>(), "to other silos");
        Assert.That(
            Transports<IConnectionListenerFactory>(builder, host), Has.Length.EqualTo(2).And.All.InstanceOf<NexStreamConnectionListenerFactory>(), "of other silos, and of clients");
    }

    [Test]
    public void Client_EveryTransport_IsNexStreams()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client.UseLocalhostClustering().UseNexStream());
        using IHost host = builder.Build();
        Assert.That(Transports<IConnectionFactory>(builder, host), Has.Length.EqualTo(1).And.All.InstanceOf<NexStreamConnectionFactory>());
    }

    [Test]
    public void UseNexStream_NothingToReplace_SaysSo() => Assert.Throws<InvalidOperationException>(() => new EmptySilo().UseNexStream());

    private static TService[] Transports<TService>(HostApplicationBuilder builder, IHost host)
        where TService : class =>
        [.. builder.Services.Where(service => service.IsKeyedService && service.ServiceType == typeof(TService)).Select(service => host.Services.GetRequiredKeyedService<TService>(service.ServiceKey))];

    private sealed class EmptySilo : ISiloBuilder
    {
        public IServiceCollection Services { get; } = new ServiceCollection();

        public IConfiguration Configuration { get; } = new ConfigurationBuilder().Build();
    }
}
