using SharpFuzz;

namespace NexStream.Tools.Fuzz.Coverage;

/// <summary>The side of AFL++'s fork server protocol that runs the inputs.</summary>
internal static class AflHost
{
    /// <summary>Runs inputs until AFL++ ends. What a target throws is a crash to it.</summary>
    public static void Run(IFuzzTarget target)
    {
        byte[] buffer = new byte[target.InputMax];
        Fuzzer.OutOfProcess.Run(stream =>
        {
            // An input is all that a crash depends on: AFL++ keeps no other.
            target.Reset();
            target.Run(buffer.AsSpan(0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));
        });
    }
}
