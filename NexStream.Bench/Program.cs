using BenchmarkDotNet.Running;

// dotnet run -c Release --project NexStream.Bench -- --filter '*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
