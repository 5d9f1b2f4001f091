using System.Globalization;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>Formats numbers: invariant culture, comma between thousands, a true minus sign.</summary>
internal static class Numbers
{
    private const string None = "–";

    // More zeros after the decimal point are hard to read.
    private const int MostDecimals = 6;
    private const int LeastExponent = -4;

    /// <summary>A value with N significant digits; larger integers keep all their digits.</summary>
    public static string Significant(double? value, int digits = 4)
    {
        if (value is not { } number || !double.IsFinite(number))
        {
            return None;
        }

        if (number == 0)
        {
            return "0";
        }

        // The magnitude of the rounded value: 9.9999 with four digits is 10.00, not 10.000.
        var exponent = Math.Floor(Math.Log10(Math.Abs(number)));
        var unit = Math.Pow(10, exponent - digits + 1);
        var magnitude = (int)(
            Math.Round(Math.Abs(number) / unit) * unit >= Math.Pow(10, exponent + 1) * (1 - 1e-12) ? exponent + 1 : exponent);
        return magnitude is < -4 or > 8
            ? Signed(number.ToString($"0.{new string('#', digits - 1)}e0", CultureInfo.InvariantCulture))
            : Fixed(number, Math.Max(0, digits - 1 - magnitude));
    }

    public static string Fixed(double value, int decimals) =>
        Signed(value.ToString("#,0" + (decimals > 0 ? "." + new string('0', decimals) : ""), CultureInfo.InvariantCulture));

    /// <summary>
    /// `12.34 ± 0.56`: the standard deviation with two significant digits, the mean to the same decimal; `(2.2 ± 1.4)e−16` where both are
    /// tiny, and `12.34 ± 1.4e−9` where the deviation alone is.
    /// </summary>
    /// <param name="deviation">The standard deviation of the values. A ± never shows another kind of width.</param>
    public static string PlusMinus(double mean, double? deviation)
    {
        if (deviation is not { } sd || !double.IsFinite(sd) || sd <= 0)
        {
            return Significant(mean);
        }

        var decimals = 1 - (int)Math.Floor(Math.Log10(sd));
        if (decimals <= MostDecimals)
        {
            decimals = Math.Max(0, decimals);
            return $"{Fixed(mean, decimals)} ± {Fixed(sd, decimals)}";
        }

        var exponent = (int)Math.Floor(Math.Log10(Math.Max(Math.Abs(mean), sd)));
        var shown = decimals + exponent;
        if (exponent >= LeastExponent || shown > MostDecimals)
        {
            return $"{Significant(mean)} ± {Significant(sd, 2)}";
        }

        var unit = Math.Pow(10, exponent);
        return $"({Fixed(mean / unit, shown)} ± {Fixed(sd / unit, shown)})e{Signed(exponent.ToString(CultureInfo.InvariantCulture))}";
    }

    /// <summary>An option as people write it: 0.25, not 0.2500.</summary>
    public static string Plain(double value) => Signed(value.ToString("0.######", CultureInfo.InvariantCulture));

    public static string Count(long value) => Fixed(value, 0);

    /// <summary>Seconds without the unit, for columns whose header names it.</summary>
    public static string Seconds(double value) => double.IsFinite(value) ? Fixed(value, value < 100 ? 1 : 0) : None;

    public static string Megabytes(long bytes) => bytes <= 0 ? None : Fixed(bytes / 1e6, 0);

    /// <summary>`2 h 05 min`, `3 min 20 s` or `12.3 s`.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds))
        {
            return None;
        }

        var whole = (long)Math.Round(seconds);
        return whole switch
        {
            >= 3600 => $"{Count(whole / 3600)} h {whole % 3600 / 60:00} min",
            >= 60 => $"{whole / 60} min {whole % 60:00} s",
            _ => $"{Fixed(seconds, 1)} s",
        };
    }

    /// <summary>`1 seed`, `2 seeds`.</summary>
    public static string Plural(long count, string one, string? many = null) => $"{Count(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>The first ten digits of a hash.</summary>
    public static string Short(string hash) => hash.Length == 0 ? None : hash.Length <= 10 ? hash : hash[..10];

    private static string Signed(string text) => text.Replace('-', '−');
}
