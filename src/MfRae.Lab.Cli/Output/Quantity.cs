using System.Globalization;

namespace MfRae.Lab.Cli.Output;

/// <summary>Large quantities as people read them: four significant digits at most.</summary>
internal static class Quantity
{
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Millions(double value) =>
        (value / 1e6).ToString(value >= 1e8 ? "0" : value >= 1e7 ? "0.0" : "0.000", CultureInfo.InvariantCulture) + "M";

    public static string Giga(double value) => Digits(value / 1e9);

    public static string Tera(double value) => Digits(value / 1e12);

    public static string Bytes(double value)
    {
        var (unit, name) = value switch
        {
            >= 1e12 => (1e12, "TB"),
            >= 1e9 => (1e9, "GB"),
            >= 1e6 => (1e6, "MB"),
            _ => (1e3, "kB"),
        };
        return $"{Digits(value / unit)} {name}";
    }

    private static string Digits(double value) => value.ToString(
        Math.Abs(value) switch
        {
            0 => "0",
            >= 1000 => "N0",
            >= 100 => "0.0",
            >= 10 => "0.00",
            >= 0.01 => "0.000",
            _ => "0.0e0",
        },
        CultureInfo.InvariantCulture);
}
