using Microsoft.Extensions.ObjectPool;
using NexStream.Core.Congestion;

namespace NexStream.Core.State;

/// <summary>
/// Paths and their congestion controllers are objects, because a user's controller is one. They are made up front, as many as there can be
/// of each, and used again, so that opening a connection allocates nothing. A path is found by its place here, which its tag carries.
/// </summary>
internal sealed class PathPool
{
    private readonly ICongestionControllerFactory[] _factories;
    private readonly DefaultObjectPool<ICongestionController>[] _controllers;
    private readonly Path[] _paths;
    private readonly Stack<int> _free;

    /// <param name="factories">The controllers to choose from; the first is the default.</param>
    /// <param name="count">How many paths there can be at a time.</param>
    public PathPool(ICongestionControllerFactory[] factories, int count)
    {
        _factories = factories;
        _controllers = Array.ConvertAll(factories, factory => Filled(new Policy<ICongestionController>(factory.Create), count));
        _paths = new Path[count];
        _free = new Stack<int>(count);
        for (int i = count - 1; i >= 0; i--)
        {
            _paths[i] = new Path(i);
            _free.Push(i);
        }
    }

    /// <summary>How many paths there can be at a time.</summary>
    public int Count => _paths.Length;

    /// <summary>How many are not in use.</summary>
    public int FreeCount => _free.Count;

    public Path this[int index] => _paths[index];

    /// <summary>Which controller has this name; null is the default, -1: there is none.</summary>
    public int IndexOf(string? name)
    {
        int index = name is null ? 0 : _factories.Length - 1;
        while (index >= 0 && name is not null && _factories[index].Name != name)
        {
            index--;
        }

        return index;
    }

    /// <summary>A path with a controller of the given name; there is a free one. A name that is not known gets the default: it was checked before.</summary>
    public Path Take(string? congestion)
    {
        Path path = _paths[_free.Pop()];
        path.CongestionIndex = Math.Max(0, IndexOf(congestion));
        path.Congestion.Use(_controllers[path.CongestionIndex].Get());
        return path;
    }

    /// <summary>Puts a path back: its tag names nothing any more.</summary>
    public void Return(Path path)
    {
        _controllers[path.CongestionIndex].Return(path.Congestion.Controller);
        path.LocalTag = 0;
        _free.Push(path.Index);
    }

    private static DefaultObjectPool<T> Filled<T>(Policy<T> policy, int count)
        where T : class
    {
        var pool = new DefaultObjectPool<T>(policy, count);
        var items = new T[count];
        for (int i = 0; i < count; i++)
        {
            items[i] = pool.Get();
        }

        foreach (T item in items)
        {
            pool.Return(item);
        }

        return pool;
    }

    private sealed class Policy<T>(Func<T> create) : PooledObjectPolicy<T>
        where T : class
    {
        public override T Create() => create();

        public override bool Return(T obj) => true;
    }
}
