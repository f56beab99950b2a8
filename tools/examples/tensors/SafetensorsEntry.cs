using System.Text.Json;

namespace NexStream.Examples.Tensors;

/// <summary>An entry of the header's JSON: a tensor, or the map of free texts.</summary>
internal static class SafetensorsEntry
{
    public const string Metadata = "__metadata__";

    public static void CheckMetadata(JsonProperty entry, string source)
    {
        if (entry.Value.ValueKind != JsonValueKind.Object || entry.Value.EnumerateObject().Any(item => item.Value.ValueKind != JsonValueKind.String))
        {
            throw SafetensorsHeader.Fault(source, $"{Metadata} is not a map from text to text");
        }
    }

    public static Tensor ReadTensor(JsonProperty entry, int dataStart, string source)
    {
        string place = $"tensor {JsonEncodedText.Encode(entry.Name)}";
        string? dtype = entry.Value.ValueKind == JsonValueKind.Object && entry.Value.TryGetProperty("dtype", out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        if (Bits(dtype) is not (> 0 and int bits))
        {
            throw SafetensorsHeader.Fault(source, $"{place}: it has no dtype that the format knows");
        }

        long[] shape = Numbers(entry.Value, "shape") ?? throw SafetensorsHeader.Fault(source, $"{place}: its shape is not a list of numbers from 0 up");
        if (Numbers(entry.Value, "data_offsets") is not [long begin, long end] || begin > end || end > long.MaxValue - dataStart)
        {
            throw SafetensorsHeader.Fault(source, $"{place}: its data_offsets are not two numbers from 0 up, the first no larger than the second");
        }

        UInt128 size = (UInt128)bits;
        foreach (long dimension in shape)
        {
            // A product of 64 bits times a dimension of 63 has no more than 127.
            size = size <= ulong.MaxValue
                ? size * (UInt128)dimension
                : throw SafetensorsHeader.Fault(source, $"{place}: a shape of [{string.Join(", ", shape)}] has more elements than any file");
        }

        return size == (UInt128)(end - begin) * 8
            ? new Tensor(entry.Name, dtype!, shape, dataStart + begin, end - begin)
            : throw SafetensorsHeader.Fault(source, $"{place}: a shape of [{string.Join(", ", shape)}] in {dtype} needs {size} bits, but its data_offsets [{begin}, {end}] have {(UInt128)(end - begin) * 8}");
    }

    private static long[]? Numbers(JsonElement tensor, string name)
    {
        if (!tensor.TryGetProperty(name, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        long[] numbers = [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) ? number : -1)];
        return numbers.Any(number => number < 0) ? null : numbers;
    }

    /// <summary>Bits of an element; 0: the reference library knows no such type.</summary>
    private static int Bits(string? dtype) => dtype switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "C64" or "F64" or "I64" or "U64" => 64,
        _ => 0,
    };
}
