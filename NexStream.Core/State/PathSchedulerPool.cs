using NexStream.Core.Multipath;

namespace NexStream.Core.State;

/// <summary>
/// The path schedulers, one of each kind for each connection that there can be, made up front. An endpoint whose connections have one path each makes none but
/// one, which nobody asks.
/// </summary>
internal sealed class PathSchedulerPool
{
    private readonly IPathSchedulerFactory[] _factories;
    private readonly IPathScheduler[][] _schedulers;

    /// <param name="factories">The schedulers to choose from; the first is the default.</param>
    /// <param name="connections">How many connections there can be.</param>
    /// <param name="isUsed">Whether any of them can have more than one path.</param>
    public PathSchedulerPool(IPathSchedulerFactory[] factories, int connections, bool isUsed)
    {
        _factories = factories;
        _schedulers = Array.ConvertAll(factories, factory =>
        {
            var made = new IPathScheduler[isUsed ? connections : 1];
            for (int i = 0; i < made.Length; i++)
            {
                made[i] = factory.Create();
            }

            return made;
        });
    }

    /// <summary>Which scheduler has this name; null is the default, -1: there is none.</summary>
    public int IndexOf(string? name)
    {
        int index = name is null ? 0 : _factories.Length - 1;
        while (index >= 0 && name is not null && _factories[index].Name != name)
        {
            index--;
        }

        return index;
    }

    /// <summary>The scheduler of a connection, whose configuration was checked.</summary>
    public IPathScheduler Of(Connection connection)
    {
        IPathScheduler[] kind = _schedulers[Math.Max(0, IndexOf(connection.Config.PathScheduler))];
        return kind[kind.Length == 1 ? 0 : connection.Index];
    }
}
