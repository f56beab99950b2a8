using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

/// <summary>A frame's TryRead.</summary>
internal delegate bool FrameDecoder<TFrame>(in RawFrame raw, out TFrame frame)
    where TFrame : allows ref struct;

/// <summary>A frame's TryWrite.</summary>
internal delegate bool FrameEncoder<TFrame>(in TFrame frame, ref FrameWriter writer)
    where TFrame : allows ref struct;

/// <summary>Asserts that two frames say the same.</summary>
internal delegate void FrameComparer<TFrame>(in TFrame decoded, in TFrame original)
    where TFrame : allows ref struct;
