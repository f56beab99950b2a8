using System.CommandLine;
using System.Runtime.CompilerServices;
using NexStream.Replay.Editing;
using NexStream.Tools.Fuzz;
using NexStream.Tools.Fuzz.Coverage;

namespace NexStream.Tool.Commands;

/// <summary>nexstream fuzz list, and what tools/fuzz/run-afl is made of.</summary>
internal static class FuzzEngineCommands
{
    private const int SeedsDefault = 64;

    private const string AheadOfTime = "this build is compiled ahead of time, and cannot be instrumented: use \"dotnet run\"";

    private static readonly Argument<string> s_target = new("TARGET") { Description = "A target." };
    private static readonly Argument<string> s_directory = new("DIR") { Description = "A directory." };
    private static readonly Option<int> s_count = new("--count") { Description = "How many inputs.", HelpName = "N", DefaultValueFactory = _ => SeedsDefault };
    private static readonly Option<ulong> s_seed = new("--seed") { Description = "Where random choices begin.", HelpName = "N", DefaultValueFactory = _ => 1 };

    public static Command List()
    {
        Command command = new("list", "Names the targets.");
        command.SetAction(_ =>
        {
            foreach (IFuzzTarget target in FuzzTargets.Create())
            {
                Console.WriteLine($"{target.Name,-12} {target.Description}");
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command Seeds()
    {
        Command command = new("seeds", "Writes inputs to begin with.") { s_target, s_directory, s_count, s_seed };
        command.SetAction(arguments => WithTarget(arguments, target =>
        {
            string directory = arguments.GetValue(s_directory)!;
            Directory.CreateDirectory(directory);
            byte[] input = new byte[target.InputMax];
            for (int i = 0; i < arguments.GetValue(s_count); i++)
            {
                var random = new FuzzRandom(unchecked(arguments.GetValue(s_seed) + (ulong)i));
                int length = target.Generate(ref random, input);
                File.WriteAllBytes(Path.Combine(directory, $"seed-{i:D4}"), input[..length]);
            }

            return (int)ExitCode.Ok;
        }));
        return command;
    }

    public static Command Instrument()
    {
        Command command = new("instrument", "Copies this program into a directory, with a core that tells AFL++ which branches it takes.") { s_directory };
        command.SetAction(arguments =>
        {
            if (!RuntimeFeature.IsDynamicCodeSupported)
            {
                return Failure.Report(isJson: false, ExitCode.Usage, AheadOfTime);
            }

            Instrumentation.Copy(arguments.GetValue(s_directory)!);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command Afl()
    {
        Command command = new("afl", "Runs inputs as AFL++ hands them over; tools/fuzz/run-afl starts it.") { s_target };
        command.SetAction(arguments => WithTarget(arguments, target =>
        {
            if (!RuntimeFeature.IsDynamicCodeSupported)
            {
                return Failure.Report(isJson: false, ExitCode.Usage, AheadOfTime);
            }

            ThrowingAsserts.Install();
            AflHost.Run(target);
            return (int)ExitCode.Ok;
        }));
        return command;
    }

    private static int WithTarget(ParseResult arguments, Func<IFuzzTarget, int> action)
    {
        string name = arguments.GetValue(s_target)!;
        return FuzzTargets.Find(name) is { } target
            ? action(target)
            : Failure.Report(isJson: false, ExitCode.Usage, $"there is no target \"{name}\"; \"nexstream fuzz list\" names those that there are");
    }
}
