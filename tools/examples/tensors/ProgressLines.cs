namespace NexStream.Examples.Tensors;

/// <summary>Writes a line for each tensor that is complete.</summary>
/// <param name="isEnough">When to do it; null: never.</param>
/// <param name="act">What to do then.</param>
internal sealed class ProgressLines(Func<TensorProgress, bool>? isEnough = null, Action? act = null) : IProgress<TensorProgress>
{
    public void Report(TensorProgress value)
    {
        if (value.IsChecked)
        {
            Console.WriteLine($"{(value.Length == 0 ? 100 : value.Written * 100 / value.Length),3} %  {value.Tensor}, {value.Tensor.Length} bytes");
        }

        if (isEnough?.Invoke(value) == true)
        {
            act!();
        }
    }
}
