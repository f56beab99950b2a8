// Fixtures run beside each other, as many as there are cores, but for those that say NonParallelizable: they use the console, threads with time-outs, sockets or
// processes, or count what the whole process allocates, and run alone behind the others.
[assembly: Parallelizable(ParallelScope.Fixtures)]
