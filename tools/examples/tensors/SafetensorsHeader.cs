using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace NexStream.Examples.Tensors;

/// <summary>
/// The beginning of a .safetensors file: a length of 8 bytes, little-endian, and so many bytes of JSON, which names the tensors; their bytes follow without a
/// hole (the format's README and reference library, huggingface/safetensors). The file may be a stranger's: nothing in it is believed.
/// </summary>
internal sealed class SafetensorsHeader
{
    public const int LengthSize = sizeof(ulong);

    /// <summary>The longest JSON that the reference library reads.</summary>
    private const int JsonSizeMax = 100_000_000;

    private SafetensorsHeader(byte[] bytes, IReadOnlyList<Tensor> tensors)
    {
        Bytes = bytes;
        Tensors = tensors;
        FileLength = tensors.Count == 0 ? bytes.Length : tensors[^1].Offset + tensors[^1].Length;
    }

    /// <summary>The length and the JSON, as they are in the file.</summary>
    public byte[] Bytes { get; }

    /// <summary>The tensors, in the order of their bytes.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long FileLength { get; }

    /// <exception cref="InvalidDataException">The file is not as the format demands; the message says where.</exception>
    public static SafetensorsHeader Read(SafeFileHandle file, string path)
    {
        long length = RandomAccess.GetLength(file);
        byte[] start = new byte[LengthSize];
        if (RandomAccess.Read(file, start, 0) < start.Length)
        {
            throw Fault(path, $"it has {length} bytes, and a file begins with a length of {LengthSize}");
        }

        byte[] bytes = new byte[LengthSize + JsonSize(start, path)];
        if (bytes.Length > length || RandomAccess.Read(file, bytes, 0) < bytes.Length)
        {
            throw Fault(path, $"its header should end at byte {bytes.Length}, but the file does at {length}");
        }

        SafetensorsHeader header = Parse(bytes, path);
        return header.FileLength == length ? header : throw Fault(path, $"its tensors end at byte {header.FileLength}, but the file does at {length}");
    }

    /// <summary>How many bytes of JSON follow.</summary>
    /// <exception cref="InvalidDataException">More than there may be.</exception>
    public static int JsonSize(ReadOnlySpan<byte> start, string source)
    {
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(start);
        return size <= JsonSizeMax ? (int)size : throw Fault(source, $"its first {LengthSize} bytes say that the header has {size} bytes; at most {JsonSizeMax} are allowed");
    }

    /// <param name="bytes">The length and the JSON.</param>
    /// <param name="source">Whose they are, for errors.</param>
    /// <exception cref="InvalidDataException">They are not as the format demands; the message says where.</exception>
    public static SafetensorsHeader Parse(byte[] bytes, string source)
    {
        ReadOnlyMemory<byte> json = bytes.AsMemory(LengthSize);
        if (json.IsEmpty || json.Span[0] != '{' || !Utf8.IsValid(json.Span))
        {
            throw Fault(source, $"its header, from byte {LengthSize} on, is not a JSON object in UTF-8 that begins with {{");
        }

        List<Tensor> tensors = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            foreach (JsonProperty entry in document.RootElement.EnumerateObject())
            {
                if (entry.NameEquals(SafetensorsEntry.Metadata))
                {
                    SafetensorsEntry.CheckMetadata(entry, source);
                }
                else
                {
                    tensors.Add(SafetensorsEntry.ReadTensor(entry, bytes.Length, source));
                }
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The latter: an escape in a name that is half of a character.
            throw Fault(source, $"its header is no JSON of this format ({failure.Message.TrimEnd('.')})");
        }

        // Empty tensors have a place too, and come before what begins there.
        tensors.Sort((a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.Length.CompareTo(b.Length));
        long end = bytes.Length;
        foreach (Tensor tensor in tensors)
        {
            end = tensor.Offset == end ? end + tensor.Length : throw Fault(source, $"tensor {tensor}: it begins at byte {tensor.Offset} of the file, and what is before it ends at {end}");
        }

        return new SafetensorsHeader(bytes, tensors);
    }

    /// <summary>What is wrong with a file, and what to do about it.</summary>
    public static InvalidDataException Fault(string source, string what) =>
        new($"{source}: {what}. It is damaged, or no .safetensors file: get it again, or write it with a library for the format.");
}
