using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>Holds on one frame that are given back: nexlink_release of nexlink.h.</summary>
/// <param name="Frame">Index of the frame in its owner's arena.</param>
/// <param name="Holds">How many holds; each slice of a descriptor was one.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct LinkRelease(uint Frame, uint Holds);
