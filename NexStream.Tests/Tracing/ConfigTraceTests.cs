using System.Reflection;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Multipath;
using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Reading;

namespace NexStream.Tests.Tracing;

/// <summary>A setting that is added and not recorded would make replays wrong without a word.</summary>
[TestFixture]
internal sealed class ConfigTraceTests
{
    // The nodes, the key, the connection's configuration, and the four about controllers and schedulers are written apart; so are a connection's names of these.
    private const int EndpointApart = 8;
    private const int ConnectionApart = 2;

    [Test]
    public void Settings_OfAnEndpoint_AreAllWritten() => Assert.That(Settings(typeof(EndpointConfig)), Has.Length.EqualTo(ConfigTrace.EndpointFields + EndpointApart));

    [Test]
    public void Settings_OfAConnection_AreAllWritten() => Assert.That(Settings(typeof(ConnectionConfig)), Has.Length.EqualTo(ConfigTrace.ConnectionFields + ConnectionApart));

    [Test]
    public void Settings_EachOtherThanItsDefault_ComeBackAsTheyWere()
    {
        byte[] key = new byte[EndpointConfig.KeySize];
        key[3] = 9;
        var connection = new ConnectionConfig { Congestion = "bbr", PathScheduler = "weighted" };
        ChangeAll(connection, nameof(ConnectionConfig.Congestion), nameof(ConnectionConfig.PathScheduler));
        var config = new EndpointConfig
        {
            Node = new Core.Primitives.NodeId(3, 4),
            Key = key,
            Connection = connection,
            Congestion = CongestionControllers.None,
            CongestionChoices = [CongestionControllers.Bbr],
            PathScheduler = PathSchedulers.Redundant,
            PathSchedulerChoices = [PathSchedulers.Weighted],
            FurtherNodes = [new Core.Primitives.NodeId(5, 6)],
        };
        ChangeAll(
            config, nameof(EndpointConfig.PathScheduler), nameof(EndpointConfig.PathSchedulerChoices), nameof(EndpointConfig.FurtherNodes), nameof(EndpointConfig.Node), nameof(EndpointConfig.Key), nameof(EndpointConfig.Connection), nameof(EndpointConfig.Congestion), nameof(EndpointConfig.CongestionChoices));
        var memory = new MemoryTrace();
        var writer = new TraceWriter(memory);
        ConfigTrace.Write(writer, config);
        writer.Flush();

        var reader = new ConfigReader(new ItemReader(new BlockReader(memory.OpenRead())), new Suppliers());
        EndpointConfig read = reader.Endpoint();

        Assert.That(read.Connection, Is.EqualTo(config.Connection));
        Assert.That(read.Key.ToArray(), Is.EqualTo(key));
        Assert.That(read.CongestionChoices, Is.EqualTo(config.CongestionChoices));
        Assert.That(read.PathSchedulerChoices, Is.EqualTo(config.PathSchedulerChoices));
        Assert.That(read.FurtherNodes, Is.EqualTo(config.FurtherNodes));
        EndpointConfig rest = read with
        {
            Key = config.Key,
            Connection = config.Connection,
            CongestionChoices = config.CongestionChoices,
            PathSchedulerChoices = config.PathSchedulerChoices,
            FurtherNodes = config.FurtherNodes,
        };
        Assert.That(rest, Is.EqualTo(config));
    }

    private static PropertyInfo[] Settings(Type type) =>
        [.. type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Where(property => property.CanWrite)];

    private static void ChangeAll(object config, params string[] except)
    {
        foreach (PropertyInfo setting in Settings(config.GetType()).Where(setting => !except.Contains(setting.Name)))
        {
            object? value = setting.GetValue(config);
            setting.SetValue(config, setting.PropertyType switch
            {
                Type type when type == typeof(int) => (int)value! + 1,
                Type type when type == typeof(int?) => 1300,
                Type type when type == typeof(bool) => !(bool)value!,
                Type type when type == typeof(TimeSpan) => (TimeSpan)value! + TimeSpan.FromMicroseconds(7),
                Type type when type == typeof(ulong) => ulong.MaxValue - 3,
                Type type when type.IsEnum => Enum.ToObject(type, 1),
                Type type => throw new InvalidOperationException($"{setting.Name} is a {type}: write and read it, and change it here."),
            });
        }
    }
}
