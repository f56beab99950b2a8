using Microsoft.Extensions.ObjectPool;
using NexStream.Core.Congestion;

namespace NexStream.Core.State;

/// <summary>
/// Paths are objects, because a user's congestion controller is one. They are made up front, as many as there can be, and used again, so
/// that opening a connection allocates nothing.
/// </summary>
internal sealed class PathPool
{
    private readonly DefaultObjectPool<Path> _pool;

    public PathPool(ICongestionControllerFactory congestion, int count)
    {
        _pool = new DefaultObjectPool<Path>(new Policy(congestion), count);
        var paths = new Path[count];
        for (int i = 0; i < count; i++)
        {
            paths[i] = _pool.Get();
        }

        foreach (Path path in paths)
        {
            _pool.Return(path);
        }
    }

    public Path Take() => _pool.Get();

    public void Return(Path path) => _pool.Return(path);

    private sealed class Policy(ICongestionControllerFactory congestion) : PooledObjectPolicy<Path>
    {
        public override Path Create() => new(congestion.Create());

        public override bool Return(Path obj) => true;
    }
}
