using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Multipath;
using NexStream.Core.Primitives;

namespace NexStream.Swarm.Drawing;

/// <summary>A configuration as text: controllers and schedulers by their names, lists with what is in them, and no key.</summary>
internal static class ConfigText
{
    public static string Of(EndpointConfig config) => Properties(config);

    private static string Properties<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(T config) => string.Join(
        ", ",
        from property in typeof(T).GetProperties()
        where property.Name != nameof(EndpointConfig.Key) && property.GetMethod is { IsStatic: false } && property.GetIndexParameters().Length == 0
        select $"{property.Name} = {Value(property.GetValue(config))}");

    private static string Value(object? value) => value switch
    {
        null => "default",
        ConnectionConfig connection => $"{{ {Properties(connection)} }}",
        ICongestionControllerFactory controller => controller.Name,
        IPathSchedulerFactory scheduler => scheduler.Name,
        IEnumerable<ICongestionControllerFactory> controllers => List(controllers.Select(controller => controller.Name)),
        IEnumerable<IPathSchedulerFactory> schedulers => List(schedulers.Select(scheduler => scheduler.Name)),
        IEnumerable<NodeId> nodes => List(nodes.Select(node => node.ToString())),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";
}
