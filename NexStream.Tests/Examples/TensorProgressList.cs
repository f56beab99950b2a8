using NexStream.Examples.Tensors;

namespace NexStream.Tests.Examples;

/// <summary>Keeps what a fetch reported, and may do something about it, on the thread that reports.</summary>
internal sealed class TensorProgressList(Action<TensorProgress>? act = null) : IProgress<TensorProgress>
{
    private readonly List<TensorProgress> _items = [];

    public IReadOnlyList<TensorProgress> Items
    {
        get
        {
            lock (_items)
            {
                return [.. _items];
            }
        }
    }

    /// <summary>The most bytes that were said to be in the file.</summary>
    public long Written => Items.Max(item => item.Written);

    public void Report(TensorProgress value)
    {
        lock (_items)
        {
            _items.Add(value);
        }

        act?.Invoke(value);
    }
}
