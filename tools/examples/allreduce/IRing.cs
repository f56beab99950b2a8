namespace NexStream.Examples.AllReduce;

/// <summary>A process's place in a ring: blocks go to the next process and come from the one before.</summary>
internal interface IRing : IAsyncDisposable
{
    /// <summary>Sends a block of <see cref="Reduction.BlockSize"/> bytes.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> block);

    /// <summary>Receives the next block, in any order.</summary>
    ValueTask ReceiveAsync(Memory<byte> block);
}
