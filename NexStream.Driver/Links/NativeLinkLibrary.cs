using System.Reflection;
using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>Finds the native link library beside the program, or in its directory for native libraries.</summary>
internal static unsafe class NativeLinkLibrary
{
    public const string FileName = "libnexlink.so";

    /// <summary>The key under which the build notes in this assembly what became of the native library.</summary>
    private const string BuildNoteKey = "NexLinkNative";

    private static string RuntimeDirectory => $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>The native table, or null and the reason. The library stays loaded until the process ends.</summary>
    public static NexLinkApi* TryLoad(out string reason)
    {
        // Beside the program, or where the library lies that came in a package and was not published for one kind of machine.
        string path = Path.Combine(AppContext.BaseDirectory, FileName);
        if (!File.Exists(path))
        {
            path = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeDirectory, "native", FileName);
        }

        if (!File.Exists(path))
        {
            reason = $"{FileName} is not beside the program because {BuildNote()}";
            return null;
        }

        if (!NativeLibrary.TryLoad(path, out nint library))
        {
            reason = $"{path} cannot be loaded on this machine";
            return null;
        }

        if (!NativeLibrary.TryGetExport(library, "nexlink_get_api", out nint export))
        {
            reason = $"{path} does not export nexlink_get_api";
            return null;
        }

        NexLinkApi* api = ((delegate* unmanaged[Cdecl]<uint, NexLinkApi*>)export)(NexLinkApi.CurrentVersion);
        if (api is null || api->Version != NexLinkApi.CurrentVersion || api->Size < (uint)sizeof(NexLinkApi))
        {
            reason = $"{path} does not have version {NexLinkApi.CurrentVersion} of the link interface";
            return null;
        }

        reason = string.Empty;
        return api;
    }

    private static string BuildNote()
    {
        foreach (AssemblyMetadataAttribute note in typeof(NativeLinkLibrary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (note.Key == BuildNoteKey && !string.IsNullOrEmpty(note.Value))
            {
                return note.Value;
            }
        }

        return "it was built without it";
    }
}
