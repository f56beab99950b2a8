using NexStream.Tool.Output;

namespace NexStream.Tool.Commands;

/// <summary>Tells what went wrong, where and what to do, to people or to programs.</summary>
internal static class Failure
{
    public static int Report(bool isJson, ExitCode code, string message)
    {
        if (isJson)
        {
            JsonOutput.Write(new ErrorReport(false, new ErrorDetail(code.ToString(), (int)code, message)), OutputContext.Default.ErrorReport);
        }
        else
        {
            Console.Error.WriteLine($"nexstream: {message}");
        }

        return (int)code;
    }
}
