using System.Globalization;

namespace MfRae.Lab.Cli.Output;

/// <summary>Sizes for people.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["kB", "MB", "GB", "TB"];

    /// <summary>`512 B`, `9.4 MB`, `369 MB`: at least two digits, in powers of 1000.</summary>
    public static string Text(long bytes)
    {
        if (bytes < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        var (value, unit) = (bytes / 1000.0, 0);
        // The next unit begins where the number would be rounded to 1000.
        while (value >= 999.5 && unit < Units.Length - 1)
            (value, unit) = (value / 1000, unit + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(value < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture)} {Units[unit]}");
    }
}
