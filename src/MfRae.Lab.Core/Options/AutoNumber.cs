using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>Reads and writes an option that is a number or the string `auto`, which is null in code.</summary>
public sealed class AutoNumberConverter : JsonConverter<double?>
{
    /// <summary>The string that stands for a number that the program chooses.</summary>
    public const string Auto = "auto";

    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override double? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.GetDouble(),
        JsonTokenType.Null => null,
        JsonTokenType.String when reader.ValueTextEquals(Auto) => null,
        _ => throw new JsonException($"expected a number or \"{Auto}\""),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, double? value, JsonSerializerOptions options)
    {
        if (value is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(Auto);
        }
    }
}
