namespace NexStream.Tests.Support;

/// <summary>What may wait for ever runs beside its test, which fails after a minute instead of hanging.</summary>
internal static class Patience
{
    /// <summary>Longer than anything takes that gets on at all.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Starts on a thread of its own, which keeps no process alive.</summary>
    public static Task Start(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits for its end, and throws what it threw.</summary>
    public static void Join(this Task task)
    {
        Assert.That(Task.WaitAny([task], Limit), Is.Zero, "It does not come to an end.");
        task.GetAwaiter().GetResult();
    }

    public static void Run(Action action) => Start(action).Join();

    public static void Await(this ManualResetEventSlim what) => Assert.That(what.Wait(Limit), Is.True, "It does not come.");
}
