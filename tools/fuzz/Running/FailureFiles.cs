namespace NexStream.Tools.Fuzz.Running;

/// <summary>What is written about inputs that fail: the inputs, and traces of the endpoints, for which they are run once more.</summary>
internal static class FailureFiles
{
    /// <summary>Returns the files: first the inputs in their order, then the traces, which <c>nexstream replay</c> takes.</summary>
    public static IReadOnlyList<string> Write(IFuzzTarget target, IReadOnlyList<byte[]> inputs, string directory, string prefix)
    {
        Directory.CreateDirectory(directory);
        var files = new List<string>();
        for (int i = 0; i < inputs.Count; i++)
        {
            files.Add(Path.Combine(directory, inputs.Count == 1 ? $"{prefix}.input" : $"{prefix}-{i:D2}.input"));
            File.WriteAllBytes(files[i], inputs[i]);
        }

        files.AddRange(WriteTraces(target, inputs, directory, prefix));
        return files;
    }

    /// <summary>Runs the inputs once more, recorded. Returns the traces.</summary>
    public static IReadOnlyList<string> WriteTraces(IFuzzTarget target, IReadOnlyList<byte[]> inputs, string directory, string prefix)
    {
        Recording.Begin();
        _ = Attempt.RunAll(target, inputs);
        return Recording.End(directory, prefix);
    }
}
