using System.Runtime.InteropServices;

namespace NexStream.Driver.Links;

/// <summary>One run of payload bytes inside a frame of the sender's arena: nexlink_slice of nexlink.h.</summary>
/// <param name="Frame">Index of the frame in the sender's arena.</param>
/// <param name="Offset">The first byte, from the start of the frame.</param>
/// <param name="Length">Bytes.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct LinkSlice(uint Frame, uint Offset, uint Length);
