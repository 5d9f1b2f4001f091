using System.Globalization;

namespace MfRae.Lab.Cli.Output;

/// <summary>A value from the database in words.</summary>
public static class CellText
{
    public static string Of(object? cell) => cell switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        byte[] blob => string.Create(CultureInfo.InvariantCulture, $"<{blob.Length} bytes>"),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };

    /// <summary>Quoted where it must be, by RFC 4180.</summary>
    public static string Csv(object? cell)
    {
        var text = Of(cell);
        return text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
